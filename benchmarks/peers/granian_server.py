"""Serve a WSGI application with Granian, configured as this project's server.

PORT=8001 python benchmarks/peers/granian_server.py module:application [workers]
"""

import os
import sys
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

sys.path.append(str(Path(__file__).resolve().parents[2]))

from mlsite.server.workers import THREADS

if __name__ == "__main__":
    Granian(
        sys.argv[1],
        address="127.0.0.1",
        port=int(os.environ["PORT"]),
        interface=Interfaces.WSGI,
        workers=int(sys.argv[2]) if len(sys.argv) > 2 else min(os.cpu_count() or 1, 4),  # noqa: PLR2004 - one argument
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        log_level=LogLevels.error,
    ).serve()
