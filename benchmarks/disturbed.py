"""p99 of predictions while other requests occupy the same worker: 16 clients.

    python benchmarks/disturbed.py [--rounds 5] [--seconds 5]

One request waits for the database, one registers a forest of 100 trees, one uploads a byte per
second. In a case of its own, 300 requests need the database: 96 wait, the others are refused. Each
round measures undisturbed predictions and every disturbance. The figures are the medians of the
rounds' p99, and of the ratios.
"""

import base64
import re
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from statistics import median

from comparison import peers, scripts
from comparison.load import drive, require_wrk, write_bodies
from comparison.models import served
from comparison.paths import ROOT
from comparison.servers import HOST, Server, serving
from comparison.verification import inputs
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier

CLIENTS = 16
TASK = b'{"title": "Wait"}'
JSON = {"Content-Type": "application/json"}
CREATED, UNAVAILABLE = 201, 503
CROWD, CROWD_S = 300, 5  # number, and time in which the server refuses those that may not wait
DISTURBANCE_S = 120  # a registration waits for the processor while predictions run


class Site:
    """A server of this project, and the requests that disturb its predictions."""

    def __init__(self, server: Server, scratch: Path, seconds: int) -> None:
        self.server = server
        self.body = peers.this_project().bodies["row"]
        self.bodies = write_bodies(
            scratch / "bodies", self.body.request, inputs(served("logistic"), "row")
        )
        self.seconds = seconds
        self.artifact = scratch / "forest.skops"
        save_forest(self.artifact)
        (self.password,) = re.findall(r"the password (\S+) ", server.log.read_text())

    def p99_ms(self, disturbances: list[Callable[[], None]]) -> float:
        """Return the p99 of predictions while the disturbances run."""
        failures: list[BaseException] = []
        threads = [
            threading.Thread(target=catch, args=(disturbance, failures))
            for disturbance in disturbances
        ]
        for thread in threads:
            thread.start()
        url = self.server.url(self.body.path)
        measurement = drive(url, self.bodies, self.body.request, CLIENTS, self.seconds)
        for thread in threads:
            thread.join()
        if failures or measurement.failed:
            sys.exit(f"The measurement failed: {failures or measurement.failed}")
        return measurement.p99_ms

    def wait_for_database(self) -> None:
        """Create a task while another connection holds the database's write lock."""
        self.lock_database(self.seconds)
        self.post("/tasks/", TASK, JSON)

    def p99_ms_in_crowd(self) -> float:
        """Return the p99 while many requests wait for the database and the others are refused."""
        self.lock_database(CROWD_S + self.seconds)
        with ThreadPoolExecutor(CROWD) as clients:
            answers = {
                clients.submit(self.server.request, "POST", "/tasks/", TASK, JSON, DISTURBANCE_S)
                for _ in range(CROWD)
            }
            refused, waiting = wait(answers, CROWD_S)
            if {answer.result()[0] for answer in refused} != {UNAVAILABLE} or not waiting:
                raise RuntimeError("The server has not refused some of the requests.")
            p99_ms = self.p99_ms([])
        if {answer.result()[0] for answer in waiting} != {CREATED}:
            raise RuntimeError("The requests that waited have not succeeded.")
        return p99_ms

    def lock_database(self, seconds: int) -> None:
        """Hold the database's write lock for some seconds."""
        path = self.server.home / "db.sqlite3"
        lock = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        lock.execute("BEGIN IMMEDIATE")
        threading.Timer(seconds, lock.rollback).start()

    def register_forest(self) -> None:
        credentials = base64.b64encode(f"admin:{self.password}".encode()).decode()
        headers = {
            "Content-Type": "multipart/form-data; boundary=part",
            "Authorization": f"Basic {credentials}",
        }
        disposition = 'form-data; name="artifact"; filename="forest.skops"'
        head = f"--part\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
        body = head + self.artifact.read_bytes() + b"\r\n--part--\r\n"
        self.post("/models/forest/versions/", body, headers)

    def upload_slowly(self) -> None:
        """Send a byte per second of a body that never ends."""
        head = (
            f"POST {self.body.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
        )
        with socket.create_connection((HOST, self.server.port)) as client:
            client.sendall(f"{head}\r\nContent-Length: 1000\r\n\r\n".encode())
            for _ in range(self.seconds):
                client.sendall(b" ")
                time.sleep(1)

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        status, content = self.server.request("POST", path, body, headers, DISTURBANCE_S)
        if status != CREATED:
            raise RuntimeError(f"{path} returned {status}: {content[:200]!r}")


def catch(disturbance: Callable[[], None], failures: list[BaseException]) -> None:
    try:
        disturbance()
    except Exception as exc:  # noqa: BLE001 - the main thread reports it
        failures.append(exc)


def save_forest(path: Path) -> None:
    """Write a forest of 100 trees as an artifact."""
    sys.path.insert(0, str(ROOT))
    from predictor.core import save

    X, y = load_breast_cancer(return_X_y=True)
    save(RandomForestClassifier(100, random_state=0).fit(X, y), path, X)


def measure(site: Site, rounds: int) -> scripts.Result:
    single = {
        "one request waits for the database": [site.wait_for_database],
        "one request registers a forest": [site.register_forest],
        "one request uploads a byte per second": [site.upload_slowly],
    }
    everything = [disturbance for case in single.values() for disturbance in case]
    cases = {"undisturbed": [], **single, "all three": everything}
    crowd = f"{CROWD} requests for the database"
    p99_ms = {name: [] for name in (*cases, crowd)}
    for _ in range(rounds):
        for name, disturbances in cases.items():
            p99_ms[name].append(site.p99_ms(disturbances))
        p99_ms[crowd].append(site.p99_ms_in_crowd())
    ratios = {
        name: median(a / b for a, b in zip(times, p99_ms["undisturbed"], strict=True))
        for name, times in p99_ms.items()
    }
    rows = [
        [name, f"{median(times):.1f} ms", f"{ratios[name]:.2f}x"] for name, times in p99_ms.items()
    ]
    both = [median(p99_ms[name]) for name in ("all three", "undisturbed")]
    return scripts.Result(
        title=f"p99 of predictions from {CLIENTS} clients (`benchmarks/disturbed.py`)",
        head=["meanwhile", "p99", "of undisturbed"],
        rows=rows,
        value=ratios["all three"],
        explanation=f"{both[0]:.1f} vs {both[1]:.1f} ms",
    )


def main() -> None:
    parser = scripts.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of one measurement")
    options = parser.parse_args()
    require_wrk()
    with tempfile.TemporaryDirectory(prefix="mlsite-bench-") as scratch:
        home = Path(scratch)
        # The request waits for the database as long as it is locked.
        peer = peers.this_project(DATABASE_TIMEOUT="60")
        with serving(peer, served("logistic"), home / "site") as server:
            result = measure(Site(server, home, options.seconds), options.rounds)
    scripts.publish(result, options.json)


if __name__ == "__main__":
    main()
