"""Memory of a second worker.

    python benchmarks/memory.py [--rounds 2]

The figure is the proportional set size of all processes of the server, with two workers minus with
one, after 16 clients have sent requests for some seconds: the median of the rounds. The live models
are the bundled one and a logistic regression or a forest. The memory of a model depends on the
model, so that the limit applies to the logistic regression. The last row adds 20 logistic
regressions, half of them uncompiled: each of those has an estimator process.
"""

import tempfile
from pathlib import Path
from statistics import median

from comparison import peers, scripts
from comparison.load import drive, require_wrk, write_bodies
from comparison.models import DESCRIPTIONS, Served, served
from comparison.processes import family, memory_mb
from comparison.servers import serving
from comparison.verification import inputs

CLIENTS, SECONDS = 16, 3
COPIES = 20


def server_mb(model: Served, workers: int, copies: int = 0) -> float:
    """Return the memory of a server that has handled requests for all its models."""
    peer = peers.this_project(workers=workers, COPIES=str(copies))
    body = peer.bodies["row"]
    paths = [body.path, *(body.path.replace("bench", f"copy-{n}") for n in range(copies))]
    with tempfile.TemporaryDirectory(prefix="mlsite-bench-") as scratch:
        bodies = write_bodies(Path(scratch) / "bodies", body.request, inputs(model, "row"))
        with serving(peer, model, Path(scratch) / "site") as server:
            for path in paths:
                measurement = drive(server.url(path), bodies, body.request, CLIENTS, SECONDS)
                if measurement.failed:
                    raise SystemExit(f"The load failed: {measurement.failed}")
            return memory_mb(family(server.process.pid))


def main() -> None:
    parser = scripts.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    require_wrk()
    logistic = DESCRIPTIONS["logistic"]
    cases = {
        logistic: (served("logistic"), 0),
        DESCRIPTIONS["forest"]: (served("forest"), 0),
        f"{COPIES} more of the logistic regression": (served("logistic"), COPIES),
    }
    medians = {}
    for title, (model, copies) in cases.items():
        pairs = [
            (server_mb(model, 1, copies), server_mb(model, 2, copies))
            for _ in range(options.rounds)
        ]
        one, two = (median(sizes) for sizes in zip(*pairs, strict=True))
        medians[title] = one, two, median(large - small for small, large in pairs)
    one, two, difference = medians[logistic]
    result = scripts.Result(
        title="Memory of all processes of the server (`benchmarks/memory.py`)",
        head=["model", "one worker", "two workers", "second worker"],
        rows=[[title, *(f"{size:.0f} MB" for size in sizes)] for title, sizes in medians.items()],
        value=difference,
        explanation=f"{two:.0f} vs {one:.0f} MB",
    )
    scripts.publish(result, options.json)


if __name__ == "__main__":
    main()
