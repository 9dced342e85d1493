"""What it costs to say who is asking: the whole site in process, without a network.

    python benchmarks/access_cost.py

Rounds alternate between the ways; the figures are medians, in microseconds, and ratios to a request
without credentials. What happens once (the first look-up, the first check of a password) is timed
anew each time, with the memory of it cleared.
"""

import base64
import io
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from wsgi_call import caller

ROUNDS, CALLS, FIRSTS = 15, 200, 15

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
scratch = Path(tempfile.mkdtemp(prefix="mlsite-bench-"))
os.environ |= {
    "DATABASE_URL": f"sqlite:///{scratch / 'db.sqlite3'}",
    "MODELS_DIR": str(scratch / "models"),
    "DJANGO_SETTINGS_MODULE": "mlsite.settings",
}
PASSWORD = "a long pass phrase"  # noqa: S105 - of a user made for this


def credentials():
    """Make a user, and return the headers of each way to say so."""
    from django.contrib.auth.models import User
    from django.test import Client

    from mlsite.accounts.tokens import issue

    user = User.objects.create_user("bench", password=PASSWORD)
    client = Client()
    client.force_login(user)
    basic = base64.b64encode(f"bench:{PASSWORD}".encode()).decode()
    return {
        "no credentials": {},
        "token": {"HTTP_AUTHORIZATION": f"Bearer {issue(user, 'bench').secret}"},
        "session": {"HTTP_COOKIE": f"sessionid={client.cookies['sessionid'].value}"},
        "Basic": {"HTTP_AUTHORIZATION": f"Basic {basic}"},
    }


def microseconds(call, times):
    started = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - started) / times * 1e6


def log_cost():
    """What the line of one request costs, in each format."""
    from mlsite.server.access_log import JSONFormatter, LineFormatter, RequestIdFilter

    parts = {"method": "GET", "path": "/1", "status": 200, "ms": 0.5}
    made = logging.makeLogRecord({"msg": "GET /1 200 0.5 ms", "parts": parts})

    def written(formatter):
        def call():
            RequestIdFilter().filter(made)
            formatter.format(made)

        return call

    line = LineFormatter("{asctime} {message} {request_id}", style="{")
    plain = logging.Formatter("{asctime} {message}", style="{")
    formatters = {"logging's own": plain, "line": line, "json": JSONFormatter()}
    return {name: microseconds(written(one), 5000) for name, one in formatters.items()}


def main():
    import django

    django.setup()
    from django.core.management import call_command

    call_command("prepare", stdout=io.StringIO())
    from mlsite.accounts.backends import remembered_passwords
    from mlsite.accounts.token_cache import known_tokens
    from mlsite.wsgi import application

    for handler in logging.getLogger("mlsite.requests").handlers:
        handler.setStream(io.StringIO())
    sent = credentials()
    row = b'{"X1":"61.1", "X2":"17.3"}'
    calls = {name: caller(application, "/1", **headers) for name, headers in sent.items()} | {
        f"{name}, /predict": caller(application, "/predict", row, **sent[name])
        for name in ("no credentials", "token")
    }
    rounds = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(ROUNDS):
        for name, call in calls.items():
            rounds[name].append(microseconds(call, CALLS))
    forget = {
        "token": lambda: setattr(known_tokens, "_seen", {}),
        "Basic": lambda: setattr(remembered_passwords, "_verified", {}),
    }
    for name, clear in forget.items():
        rounds[f"{name}, first"] = []
        for _ in range(FIRSTS):
            clear()
            rounds[f"{name}, first"].append(microseconds(calls[name], 1))
    report(rounds)


def report(rounds):
    base = statistics.median(rounds["no credentials"])
    for name, times in rounds.items():
        median = statistics.median(times)
        print(f"{name:26} {median:9.0f} µs   {median / base:6.1f}x")
    for name, cost in log_cost().items():
        print(f"log line, {name:16} {cost:9.1f} µs")


main()
