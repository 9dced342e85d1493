"""Memory of a second worker, with a forest of 100 trees and the bundled model live.

    python benchmarks/memory.py [--rounds 3]

The figure is the proportional set size of all processes of the server, with two workers minus with
one, after 64 clients have sent requests for some seconds: the median of the rounds.
"""

import tempfile
from pathlib import Path
from statistics import median

from comparison import peers, scripts
from comparison.load import drive, require_wrk, write_bodies
from comparison.models import served
from comparison.processes import family, memory_mb
from comparison.servers import serving
from comparison.verification import inputs

CLIENTS, SECONDS = 64, 3


def server_mb(workers: int, scratch: Path) -> float:
    """Return the memory of a server that has handled requests."""
    peer, model = peers.this_project(workers=workers), served("forest")
    body = peer.bodies["row"]
    with tempfile.TemporaryDirectory(dir=scratch) as home:
        bodies = write_bodies(Path(home) / "bodies", body.request, inputs(model, "row"))
        with serving(peer, model, Path(home) / "site") as server:
            measurement = drive(server.url(body.path), bodies, body.request, CLIENTS, SECONDS)
            if measurement.failed:
                raise SystemExit(f"The load failed: {measurement.failed}")
            return memory_mb(family(server.process.pid))


def main() -> None:
    parser = scripts.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    require_wrk()
    with tempfile.TemporaryDirectory(prefix="mlsite-bench-") as scratch:
        pairs = [
            (server_mb(1, Path(scratch)), server_mb(2, Path(scratch)))
            for _ in range(options.rounds)
        ]
    one, two = (median(sizes) for sizes in zip(*pairs, strict=True))
    difference = median(two - one for one, two in pairs)
    result = scripts.Result(
        title="Memory of the server (`benchmarks/memory.py`)",
        head=["workers", "memory (PSS of all processes)"],
        rows=[["1", f"{one:.0f} MB"], ["2", f"{two:.0f} MB"]],
        value=difference,
        explanation=f"{two:.0f} vs {one:.0f} MB",
    )
    scripts.publish(result, options.json)


if __name__ == "__main__":
    main()
