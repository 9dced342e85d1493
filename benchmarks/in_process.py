"""CPU time of one request to the WSGI application in process, with and without the fast path.

    python benchmarks/in_process.py [--rounds 15]

Two child processes run the application, with FAST_PATH=true and FAST_PATH=false. Rounds alternate
between them. The figures are medians in microseconds of CPU time of the thread.
"""

import io
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from comparison import scripts
from comparison.paths import ROOT

CALLS = 200
ROW = b'{"X1":"61.1", "X2":"17.3"}'
PREDICTION = "POST /predict, one row"


def run_child(connection: Connection, home: str, fast_path: str) -> None:
    """Measure one kind of call for each name that is received."""
    (Path(home) / "metrics").mkdir()
    os.environ |= {
        "DATABASE_URL": f"sqlite:///{home}/db.sqlite3",
        "MODELS_DIR": f"{home}/models",
        "PROMETHEUS_MULTIPROC_DIR": f"{home}/metrics",
        "DJANGO_SETTINGS_MODULE": "mlsite.settings",
        "FAST_PATH": fast_path,
    }
    sys.path.insert(0, str(ROOT))
    calls = prepare()
    connection.send([*calls])
    while name := connection.recv():
        connection.send(cpu_us(calls[name]))


def prepare() -> dict[str, Callable[[], object]]:
    """Prepare a site, and return a function for each kind of call."""
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("prepare", stdout=io.StringIO())
    from mlsite.accounts.tokens import issue
    from mlsite.wsgi import application
    from predictor.runtime.store import get_store

    # Access log lines are formatted, and kept in memory.
    for handler in logging.getLogger("mlsite.requests").handlers:
        handler.setStream(io.StringIO())
    model = get_store().get("iris")
    X = model.signature.parse_rows({"X1": "61.1", "X2": "17.3"}).X
    token = issue(User.objects.get(), "benchmark").secret
    return {
        PREDICTION: request(application, "/predict", ROW),
        f"{PREDICTION}, with a token": request(
            application, "/predict", ROW, HTTP_AUTHORIZATION=f"Bearer {token}"
        ),
        "GET /tasks/, two tasks": request(application, "/tasks/"),
        "the model alone": lambda: model.infer(X, ("predict",)),
    }


def request(application, path: str, body: bytes = b"", **headers: str) -> Callable[[], None]:
    """Return a function that sends one request to the application."""
    environ = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": "*/*",
        "CONTENT_TYPE": "application/json" if body else "",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        **headers,
    }

    def call() -> None:
        statuses = []
        response = application(
            environ | {"wsgi.input": io.BytesIO(body)}, lambda status, *_: statuses.append(status)
        )
        b"".join(response)
        if hasattr(response, "close"):
            response.close()
        assert statuses == ["200 OK"], statuses

    return call


def cpu_us(call: Callable[[], object]) -> float:
    start = time.thread_time()
    for _ in range(CALLS):
        call()
    return (time.thread_time() - start) / CALLS * 1e6


def measure(connections: list[Connection], rounds: int) -> scripts.Result:
    names, _ = (connection.recv() for connection in connections)
    times = {name: ([], []) for name in names}
    for _ in range(rounds):
        for name in names:
            for connection, column in zip(connections, times[name], strict=True):
                connection.send(name)
                column.append(connection.recv())
    medians = {name: [median(column) for column in columns] for name, columns in times.items()}
    fast, stock = medians[PREDICTION]
    return scripts.Result(
        title="CPU time of one request in process (`benchmarks/in_process.py`)",
        head=["call", "`FAST_PATH=true`", "`FAST_PATH=false`"],
        rows=[[name, *(f"{us:.1f} µs" for us in pair)] for name, pair in medians.items()],
        value=stock / fast,
        explanation=f"{stock:.1f} vs {fast:.1f} µs",
    )


def main() -> None:
    parser = scripts.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    context = get_context("spawn")  # each child imports the site with its own environment
    with tempfile.TemporaryDirectory(prefix="mlsite-bench-") as scratch:
        connections, children = [], []
        for fast_path in ("true", "false"):
            home = Path(scratch) / fast_path
            home.mkdir()
            parent_end, child_end = context.Pipe()
            child = context.Process(target=run_child, args=(child_end, str(home), fast_path))
            child.start()
            child_end.close()  # so that the end of the child ends the connection
            connections.append(parent_end)
            children.append(child)
        try:
            result = measure(connections, options.rounds)
            for connection in connections:
                connection.send("")
        finally:
            for connection, child in zip(connections, children, strict=True):
                connection.close()
                child.join()
    scripts.publish(result, options.json)


if __name__ == "__main__":
    main()
