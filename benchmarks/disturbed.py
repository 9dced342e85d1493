"""What predictions feel of others in the same process: 16 clients, undisturbed and disturbed.

    python benchmarks/disturbed.py

One request waits for the database, one registers a forest of 100 trees, one uploads a byte a
second. Rounds alternate; the figures are medians of wrk's p99, and of the ratios.
"""

import base64
import re
import socket
import sqlite3
import statistics
import tempfile
import threading
import time
from pathlib import Path

from comparison.load import drive, require_wrk
from own_site import Site, forest

ROUNDS, SECONDS, CLIENTS = 5, 10, 16


def main():
    require_wrk()
    home = Path(tempfile.mkdtemp(prefix="mlsite-bench-"))
    forest(home / "forest.skops")
    bodies = home / "bodies"
    bodies.mkdir()
    (bodies / "1").write_text('{"X1": "61.1", "X2": "17.3"}')
    with Site(home).served() as site:
        measure(site, bodies)


def measure(site, bodies):
    (password,) = re.findall(r"the password (\S+) ", (site.home / "log").read_text())
    single = {
        "a task that waits for the database": lambda: wait_for_the_database(site),
        "a forest that is registered": lambda: register(site, password),
        "an upload of a byte a second": lambda: dribble(site),
    }
    cases = {name: [disturb] for name, disturb in single.items()}
    for name, disturbances in (cases | {"all three": [*single.values()]}).items():
        pairs = [(p99(site, bodies), p99(site, bodies, disturbances)) for _ in range(ROUNDS)]
        ratio = statistics.median(after / before for before, after in pairs)
        before, after = (statistics.median(times) for times in zip(*pairs, strict=True))
        print(f"{name:36} p99 {before:6.1f} -> {after:6.1f} ms  {ratio:5.2f}x", flush=True)


def p99(site, bodies, disturbances=()):
    others = [threading.Thread(target=disturb) for disturb in disturbances]
    for other in others:
        other.start()
    run = drive(f"{site.url}/predict", bodies, "object", CLIENTS, SECONDS)
    for other in others:
        other.join()
    assert not run.failed, run.failed
    return run.p99_ms


def wait_for_the_database(site):
    """Have a task wait while somebody else holds the database's lock."""
    lock = sqlite3.connect(site.home / "db.sqlite3", isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    threading.Timer(SECONDS, lock.rollback).start()
    site.ask("/tasks/", b'{"title": "Wait"}', **{"Content-Type": "application/json"})


def register(site, password):
    boundary = "a-part-of-the-form"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="artifact"; filename="f.skops"\r\n'
    )
    file = (site.home / "forest.skops").read_bytes()
    body = f"{head}\r\n".encode() + file + f"\r\n--{boundary}--\r\n".encode()
    site.ask(
        "/models/forest/versions/",
        body,
        **{
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Authorization": "Basic " + base64.b64encode(f"admin:{password}".encode()).decode(),
        },
    )


def dribble(site):
    head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", site.port)) as client:
        client.sendall(f"{head}Content-Length: 1000\r\n\r\n".encode())
        for _ in range(SECONDS):
            client.sendall(b" ")
            time.sleep(1)


main()
