"""What a request costs in process: the whole site as a WSGI application, without a network.

    python benchmarks/in_process.py

Rounds alternate between the requests; the figures are medians, in microseconds, and ratios to the
prediction's own time in the estimator.
"""

import io
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from wsgi_call import caller

ROUNDS, CALLS = 15, 200

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
scratch = Path(tempfile.mkdtemp(prefix="mlsite-bench-"))
os.environ |= {
    "DATABASE_URL": f"sqlite:///{scratch / 'db.sqlite3'}",
    "MODELS_DIR": str(scratch / "models"),
    "DJANGO_SETTINGS_MODULE": "mlsite.settings",
}


def microseconds(call):
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - started) / CALLS * 1e6


def main():
    import django

    django.setup()
    from django.core.management import call_command

    call_command("prepare", stdout=io.StringIO())
    from mlsite.wsgi import application
    from predictor.runtime.store import get_store

    # The line of each request is formatted, and kept in memory.
    for handler in logging.getLogger("mlsite.requests").handlers:
        handler.setStream(io.StringIO())
    model = get_store().get("iris")
    X = model.signature.parse_rows({"X1": "61.1", "X2": "17.3"}).X
    row = b'{"X1":"61.1", "X2":"17.3"}'
    calls = {
        "the estimator alone": lambda: model.infer(X, ("predict",)),
        "POST /predict, one row": caller(application, "/predict", row),
        "GET /tasks/, two tasks": caller(application, "/tasks/"),
        "GET /1": caller(application, "/1"),
    }
    rounds = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            rounds[name].append(microseconds(call))
    base = statistics.median(rounds["the estimator alone"])
    for name, times in rounds.items():
        median = statistics.median(times)
        print(f"{name:28} {median:8.0f} µs   {median / base:5.1f}x")


main()
