"""Parent of the server and of the supervisor of estimator processes. It has no threads."""

import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

from predictor.isolation.confinement import end_with
from predictor.isolation.supervisor_client import OwnedSupervisor

log = logging.getLogger(__name__)

# Time between two starts of a supervisor, and between two signals to a server that must end.
INTERVAL_S = 1

ENDING = {signal.SIGTERM, signal.SIGINT}
SIGNALS = {*ENDING, signal.SIGCHLD, signal.SIGALRM}


def listen(path: Path) -> socket.socket:
    """Return a listening Unix socket. Only this user may enter its directory."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    return listener


def run(serve: Callable[[], None], listener: socket.socket) -> int:
    """Run the server and the supervisor until the server ends, and return its exit code.

    Parameters
    ----------
    serve : callable
        Runs the server, in a fork of this process.
    listener : socket
        Listening socket of the supervisor, for the workers.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # they wait for `sigwait`
    supervisor, started_at = OwnedSupervisor(listener), time.monotonic()
    server = get_context("fork").Process(target=_run_server, args=(serve, os.getpid()))
    server.start()
    try:
        while server.is_alive():
            if signal.sigwait(SIGNALS) in ENDING:
                server.terminate()
                server.join(INTERVAL_S)
                # Again and again: the kernel can give a signal to a thread that does not handle it,
                # in the server and in its workers, and a server that starts has no handlers yet.
                while server.is_alive():
                    for pid in children(server.pid or 0):
                        with suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGTERM)
                    server.terminate()
                    server.join(INTERVAL_S)
                return 0
            if supervisor.has_ended():
                supervisor.close()
                time.sleep(max(0, started_at + INTERVAL_S - time.monotonic()))
                try:
                    supervisor, started_at = OwnedSupervisor(listener), time.monotonic()
                except OSError as exc:
                    log.error("No supervisor can be started: %s.", exc.strerror)  # noqa: TRY400 - the reason is complete
                    signal.alarm(INTERVAL_S)  # wakes this loop for another attempt
        return 1 if server.exitcode else 0
    finally:
        supervisor.close()


def children(pid: int) -> list[int]:
    """Return the child processes of a process; without /proc, none."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    with suppress(OSError):  # the process or a thread has ended
        return [int(child) for task in tasks for child in task.read_text().split()]
    return []


def _run_server(serve: Callable[[], None], parent: int) -> None:
    end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the server sets its handlers
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    serve()
