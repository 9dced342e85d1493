"""Serve an application in the configuration of Granian that this project has.

PORT=8001 python benchmarks/floor.py module:application [workers]
"""

import ast
import os
import sys
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

WORKERS = Path(__file__).resolve().parents[1] / "mlsite/server/workers.py"


def threads() -> int:
    """Return how many threads a worker of this project has, as the site says."""
    for node in ast.parse(WORKERS.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "THREADS":
            return int(ast.literal_eval(node.value))
    raise SystemExit(f"{WORKERS.name} has no THREADS any more.")


if __name__ == "__main__":
    Granian(
        sys.argv[1],
        address="127.0.0.1",
        port=int(os.environ["PORT"]),
        interface=Interfaces.WSGI,
        workers=int(sys.argv[2]) if len(sys.argv) > 2 else min(os.cpu_count() or 1, 4),  # noqa: PLR2004
        blocking_threads=threads(),
        respawn_failed_workers=True,
        log_level=LogLevels.error,
    ).serve()
