"""Replacement of crashed workers, however often they crash.

Granian replaces a crashed worker, but ends the server if the new one dies within 5.5 s, because it
might never start. A request that crashes a worker, sent twice, would so end the service. Here only
a worker that dies before it has loaded the application counts as one that cannot start.

Granian has no documented hook for this: `respawned_wrks`, `wrks` and `interrupt_signal` are
attributes of its server, verified with the versions below. With any other version, or with
RESPAWN_ALWAYS=false, Granian's own rule applies.
"""

import logging
import os
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from granian.server import MPServer

VERIFIED_VERSIONS = ("2.8.7",)

# Time between two attempts to replace a worker.
INTERVAL_S = 1

log = logging.getLogger(__name__)


def respawn_always(server: MPServer, scratch: Path) -> None:
    """Have the server replace every crashed worker that had loaded the application.

    Parameters
    ----------
    server : MPServer
    scratch : Path
        Directory in which workers call `mark_loaded`.
    """
    if version("granian") in VERIFIED_VERSIONS:
        server.respawned_wrks = RespawnTimes(server, scratch)
    else:
        log.warning(
            "Two crashes of a worker within 5 s will end the server: replacing workers is not "
            "verified with Granian %s.",
            version("granian"),
        )


def mark_loaded(scratch: Path) -> None:
    """Record that this worker has loaded the application."""
    _mark(scratch, os.getpid()).touch()


def _mark(scratch: Path, pid: int | None) -> Path:
    return scratch / f"loaded-{pid}"


class RespawnTimes(dict[int, float]):
    """When Granian last replaced each worker; it reads this to detect a crash loop."""

    def __init__(self, server: MPServer, scratch: Path) -> None:
        super().__init__()
        self.server = server
        self.scratch = scratch

    def get(self, number: int, default: Any = None) -> Any:
        """Return when a worker was replaced; the default if the new one loaded the application."""
        pid = self.server.wrks[number].inner.pid
        return default if _mark(self.scratch, pid).exists() else super().get(number, default)

    def __setitem__(self, number: int, time_s: float) -> None:
        log.error("Worker %s is replaced.", number + 1)
        while not can_fork() and not self.server.interrupt_signal:
            time.sleep(INTERVAL_S)
        super().__setitem__(number, time_s)


def can_fork() -> bool:
    """Return whether the system allows another process. If not, Granian would end at its fork."""
    try:
        pid = os.fork()
    except OSError as exc:
        log.error("No worker can be started: %s.", exc.strerror)  # noqa: TRY400 - the reason is complete
        return False
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    return True
