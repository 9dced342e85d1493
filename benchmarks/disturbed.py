"""What predictions feel of others in the same process: 16 clients, undisturbed and disturbed.

    python benchmarks/disturbed.py

One request waits for the database, one registers a forest of 100 trees, one uploads a byte a
second. Rounds alternate; the figures are medians of wrk's p99, and of the ratios.
"""

import base64
import contextlib
import os
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from comparison.load import drive, require_wrk

ROUNDS, SECONDS, CLIENTS = 5, 10, 16
START_S = 60

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main():
    require_wrk()
    home = Path(tempfile.mkdtemp(prefix="mlsite-bench-"))
    own = {"DATABASE_URL": f"sqlite:///{home / 'db.sqlite3'}", "MODELS_DIR": str(home / "models")}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "serve", "--bind", f"127.0.0.1:{port}", "--workers=1"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=log)
    try:
        measure(home, port)
    finally:
        server.terminate()
        server.wait()


def measure(home, port):
    forest = forest_file(home)
    bodies = home / "bodies"
    bodies.mkdir()
    (bodies / "1").write_text('{"X1": "61.1", "X2": "17.3"}')
    until_ready(port)
    (password,) = re.findall(r"the password (\S+) ", (home / "log").read_text())
    single = {
        "a task that waits for the database": lambda: wait_for_the_database(home, port),
        "a forest that is registered": lambda: register(port, forest, password),
        "an upload of a byte a second": lambda: dribble(port),
    }
    cases = {name: [disturb] for name, disturb in single.items()}
    for name, disturbances in (cases | {"all three": [*single.values()]}).items():
        pairs = [(p99(port, bodies), p99(port, bodies, disturbances)) for _ in range(ROUNDS)]
        ratio = statistics.median(after / before for before, after in pairs)
        before, after = (statistics.median(times) for times in zip(*pairs, strict=True))
        print(f"{name:36} p99 {before:6.1f} -> {after:6.1f} ms  {ratio:5.2f}x", flush=True)


def p99(port, bodies, disturbances=()):
    others = [threading.Thread(target=disturb) for disturb in disturbances]
    for other in others:
        other.start()
    run = drive(f"http://127.0.0.1:{port}/predict", bodies, "object", CLIENTS, SECONDS)
    for other in others:
        other.join()
    assert not run.failed, run.failed
    return run.p99_ms


def until_ready(port):
    deadline = time.monotonic() + START_S
    while True:
        with contextlib.suppress(OSError):
            return ask(port, "/v2/health/ready")
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.1)


def ask(port, path, body=None, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    with urllib.request.urlopen(request, timeout=START_S) as answer:  # noqa: S310 - our own server
        return answer.read()


def wait_for_the_database(home, port):
    """Have a task wait while somebody else holds the database's lock."""
    lock = sqlite3.connect(home / "db.sqlite3", isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    threading.Timer(SECONDS, lock.rollback).start()
    ask(port, "/tasks/", b'{"title": "Wait"}', **{"Content-Type": "application/json"})


def register(port, forest, password):
    boundary = "a-part-of-the-form"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="artifact"; filename="f.skops"\r\n'
    )
    body = f"{head}\r\n".encode() + forest.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    ask(
        port,
        "/models/forest/versions/",
        body,
        **{
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Authorization": "Basic " + base64.b64encode(f"admin:{password}".encode()).decode(),
        },
    )


def dribble(port):
    head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"{head}Content-Length: 1000\r\n\r\n".encode())
        for _ in range(SECONDS):
            client.sendall(b" ")
            time.sleep(1)


def forest_file(home):
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import RandomForestClassifier

    from predictor.core import artifacts

    X, y = load_breast_cancer(return_X_y=True)
    path = home / "forest.skops"
    artifacts.save(RandomForestClassifier(100, random_state=0).fit(X, y), path, X)
    return path


main()
