"""The life of the processes that answer: Granian's workers, from their birth to their end."""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

# As many as slow models may take, so that those never stand in front of the others, and as many
# again: each may wait for the database or a dribbling body without anybody waiting for it. They are
# made as they are needed.
THREADS = 192

# How long requests under way may take to end after SIGTERM.
GRACE_S = 30

PR_SET_PDEATHSIG = 1

log = logging.getLogger(__name__)

# Granian's lines go where all go that are no request's.
LOGGING = {"handlers": {}, "loggers": {"_granian": {"propagate": True}, "granian.access": {}}}


class Server(MPServer):
    """Granian with its workers for this site, each of them replaced when it dies.

    Parameters
    ----------
    scratch : Path
        A directory of the server's own, where each worker says that it has begun to answer.
    """

    def __init__(self, host: str, port: int, workers: int, scratch: Path) -> None:
        super().__init__(
            "mlsite.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=THREADS,
            respawn_failed_workers=True,
            workers_kill_timeout=GRACE_S,
            log_level=LogLevels.error,
            log_dictconfig=LOGGING,
        )
        self.scratch = scratch
        self.respawned_wrks = Replaced(self)

    def begun(self, pid: int) -> Path:
        """Return the file that is there once a worker has begun."""
        return self.scratch / f"begun-{pid}"

    def _respawn_workers(self, workers: Collection[int], *args: Any, **kwargs: Any) -> None:
        for number in workers:
            log.error("Worker %s is replaced.", number + 1)
        super()._respawn_workers(workers, *args, **kwargs)


class Replaced(dict[int, float]):
    """When which worker was last replaced, as Granian notes it.

    It ends the server where a new one dies within seconds, since it cannot start. One that has
    begun to answer could, and is replaced however new it is.
    """

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    def get(self, number: int, default: Any = None) -> Any:
        """Return when a worker was replaced; the default for one that has begun."""
        pid = self.server.wrks[number].inner.pid
        return default if self.server.begun(pid).exists() else super().get(number, default)


def block_end() -> None:
    """Have a SIGTERM wait."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def unblock_end() -> None:
    """Take a SIGTERM, also one that has waited."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def become_worker(server: Server) -> None:
    """Have a new process end when it is told to, and with its parent, and not before."""
    os.setpgrp()  # Ctrl-C is for the parent, which then lets each worker finish
    die_with_parent()
    # Until Granian sets a worker's own handlers, those of the parent are inherited: they would
    # note the signal in a copy of the server that nobody looks at.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    unblock_end()
    if server.interrupt_signal:
        raise SystemExit


def die_with_parent() -> None:
    """See to it that a killed parent leaves no worker that goes on answering (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
