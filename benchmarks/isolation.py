"""Cost of estimator processes: overhead of one row, and requests per second of many clients.

    python benchmarks/isolation.py [--calls 3000] [--against TREE [--rounds 10]]

The overhead is the time of `RemoteEngine.run` beyond that of the estimator in this process, for one
row and one client. Blocks of 50 calls alternate between both; single calls would displace each other's
data from the caches of the processor. The figures are those of the shortest tenth of the calls: other
load only makes a call longer. Both are measured twice: with a pause before each call, as the process
waits for the next request of one client, and in a loop. After a pause every call takes longer, also
without isolation, because the processor has slept and its caches have other data. A call that crosses
processes waits in any case, so in a loop the pause counts as overhead. With another checkout of this
project, its server and the server of this checkout serve a model that stays with scikit-learn, in
turn, at 16 and 64 clients.
"""

import hashlib
import json
import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import optimisations
from comparison import scripts
from comparison.load import require_wrk
from comparison.models import UNCOMPILED, wide
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from predictor.core import save
from predictor.core.engines import EstimatorEngine
from predictor.isolation.client import RemoteEngine
from predictor.isolation.connections import ConnectionPool
from predictor.isolation.options import Options
from predictor.isolation.supervisor_client import SupervisorClient

SHARE = 10  # percent of the calls
BLOCK = 50
# Time between the response to one client and its next request.
PAUSE_S = 0.0002
CLIENTS = (16, 64)


class NoObserver:
    """Receives the counts of requests, and drops them."""

    def called(self, n_requests: int) -> None: ...

    def queued(self, n_requests: int) -> None: ...


def microseconds(call: Callable[[], object], pause_s: float) -> float:
    time.sleep(pause_s)
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e6


def overheads(scratch: Path, estimator, X, n_calls: int) -> list[tuple[float, float]]:
    """Return the time of the estimator and the additional time with its process.

    The first pair is measured with a pause before each call, the second in a loop.
    """
    path = scratch / f"{type(estimator).__name__}.skops"
    signature = save(estimator, path, X).signature
    options = Options(
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        signature=json.dumps(signature.to_json()),
        trusted=(),
        allow_version=False,
        is_batch_safe=True,
        memory_bytes=2**32,
        time_limit_s=30,
    )
    supervisor = SupervisorClient()
    connections = ConnectionPool(path, options, supervisor)
    remote = RemoteEngine(signature, connections, NoObserver())
    engines = EstimatorEngine(estimator), remote
    calls = [lambda engine=engine: engine.run(("predict",), X[:1]) for engine in engines]
    pairs = []
    for pause_s in (PAUSE_S, 0.0):
        times: list[list[float]] = [[], []]
        for _ in range(n_calls // BLOCK):
            for call, column in zip(calls, times, strict=True):
                column += [microseconds(call, pause_s) for _ in range(BLOCK)]
        own, both = np.percentile(times, SHARE, axis=1).tolist()
        pairs.append((own, both - own))
    supervisor.close()
    return pairs


def measure(n_calls: int) -> scripts.Result:
    X, y, _ = wide()
    estimators = LogisticRegression(max_iter=1000), KNeighborsClassifier()
    rows, after_pauses, in_loops = [], [], []
    with tempfile.TemporaryDirectory(prefix="mlsite-bench-") as scratch:
        for estimator in estimators:
            pairs = overheads(Path(scratch), estimator.fit(X, y), X, n_calls)
            figures = [f"{us:.0f} µs" for pair in pairs for us in pair]
            rows.append([type(estimator).__name__, *figures])
            after_pauses.append(pairs[0][1])
            in_loops.append(pairs[1][1])
    return scripts.Result(
        title="Overhead of an estimator process, one row (`benchmarks/isolation.py`)",
        head=[
            "estimator",
            "its call, after a pause",
            "overhead",
            "its call, in a loop",
            "overhead",
        ],
        rows=rows,
        value=max(after_pauses),
        explanation=(
            f"{max(after_pauses):.0f} µs beyond the estimator's call after a pause of 0.2 ms, "
            f"{max(in_loops):.0f} µs beyond its call in a loop"
        ),
    )


def main() -> None:
    parser = scripts.parser(__doc__)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--against", metavar="TREE", help="another checkout of this project")
    options = parser.parse_args()
    scripts.publish(measure(options.calls), options.json)
    if options.against:
        require_wrk()
        for clients in CLIENTS:
            arguments = argparse.Namespace(
                variants=[f"TREE={options.against}", ""],
                model=UNCOMPILED,
                clients=clients,
                rounds=options.rounds,
                seconds=2,
            )
            print(f"\n{clients} clients\n")
            optimisations.publish(optimisations.measure(arguments))


if __name__ == "__main__":
    main()
