"""Process that forks estimator processes and jobs, which share its imported modules.

    python -P -m predictor.isolation.supervisor [--listener NUMBER]

Its standard input is a socket of its owner; it ends when the owner closes the socket or ends. It
imports scikit-learn at the first request, and never predicts: a fork of a process that has used
OpenMP hangs. It does not import Django, and its environment contains no secrets.
"""

import gc
import logging
import os
import selectors
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

from predictor.core import boosters
from predictor.isolation import messages
from predictor.isolation.job import FILES, Job
from predictor.isolation.options import Options

log = logging.getLogger("predictor.isolation.supervisor")

# Modules that most estimators need. The file of an estimator can name others.
SHARED_MODULES = (
    *("pandas", "scipy.sparse", "sklearn.compose", "sklearn.ensemble", "sklearn.linear_model"),
    *("sklearn.neighbors", "sklearn.pipeline", "sklearn.preprocessing", "sklearn.svm"),
)
# Modules whose `main` runs in a fork. They are imported at the first request.
ESTIMATOR_PROCESS = "predictor.isolation.estimator_process"
JOB = "predictor.isolation.run_job"

# A version whose process dies so often in this time is out of service for as long.
MAX_DEATHS, DEATHS_S = 5, 60
OUT_OF_SERVICE = f"Its estimator process ended {MAX_DEATHS} times within {DEATHS_S} seconds."

# Sent if the operating system refuses a process or a descriptor.
NO_RESOURCES = "The server cannot start another process now. Try again in a moment."

# Time in which a worker must send or take the rest of a message.
TRANSFER_S = 5


class NoResourcesError(Exception):
    """The operating system refuses a process or a descriptor."""


@dataclass
class Child:
    """An estimator process."""

    key: str
    pid: int
    connections: socket.socket


class Supervisor:
    """Starts processes on request, and hands over their sockets.

    Every version has one estimator process; every job has a process of its own.
    """

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}
        self._jobs: set[int] = set()
        self._deaths: dict[str, deque[float]] = {}
        self._selector = selectors.DefaultSelector()
        self._spare = os.open(os.devnull, os.O_RDONLY)

    def serve(self, owner: socket.socket, listener: socket.socket | None) -> None:
        """Handle requests until the owner ends."""
        self._add(owner)
        if listener:
            self._selector.register(listener, selectors.EVENT_READ, "listener")
        reaping = self._watch_children()
        self._selector.register(reaping, selectors.EVENT_READ, "children")
        while True:
            for key, _ in self._selector.select():
                connection = key.fileobj
                assert isinstance(connection, socket.socket)  # noqa: S101 - only sockets are registered
                if key.data == "listener":
                    self._accept(connection)
                elif key.data == "children":
                    connection.recv(2**16)  # one byte for each signal
                elif not self._handle(connection):
                    self._selector.unregister(connection)
                    connection.close()
                    if connection is owner:
                        return
            self._reap()

    def _accept(self, listener: socket.socket) -> None:
        """Accept a worker. If no descriptor is left for it, close its connection."""
        try:
            self._add(listener.accept()[0])
        except OSError as exc:
            log.error("No connection is accepted: %s.", exc.strerror)  # noqa: TRY400 - the reason is complete
            os.close(self._spare)
            listener.accept()[0].close()
            self._spare = os.open(os.devnull, os.O_RDONLY)

    def _add(self, connection: socket.socket) -> None:
        messages.limit_waits(connection, TRANSFER_S)
        self._selector.register(connection, selectors.EVENT_READ)

    def _watch_children(self) -> socket.socket:
        """Return a socket that becomes readable when a child has ended."""
        reading, writing = messages.pair()
        for end in (reading, writing):
            end.settimeout(0)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writing.detach(), warn_on_full_buffer=False)
        return reading

    def _handle(self, connection: socket.socket) -> bool:
        """Handle one request of a worker; return False if the worker has disconnected."""
        descriptors: list[int] = []
        try:
            message, descriptors = messages.receive_with_descriptors(connection, len(FILES))
            self._reap()
            self._answer(connection, message.header, descriptors)
        except (OSError, messages.MalformedMessage):
            return False
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _answer(
        self, connection: socket.socket, request: dict[str, Any], descriptors: Sequence[int]
    ) -> None:
        try:
            if "kill" in request:
                self._kill(request["kill"])
                messages.send(connection, messages.dump({}))
            elif "job" in request:
                self._start_job(connection, request["job"], request["files"], descriptors)
            else:
                self._open(connection, request, descriptors[0])
        except NoResourcesError as exc:
            log.error("No process is started: %s.", exc)  # noqa: TRY400 - the reason is complete
            messages.send(connection, messages.dump({"busy": NO_RESOURCES}))

    def _open(self, connection: socket.socket, request: dict[str, Any], artifact: int) -> None:
        """Send a socket of the version's process, which is started if necessary."""
        key = repr(sorted(request.items()))
        with resources():
            own, theirs = messages.pair()
        with own, theirs:
            messages.limit_waits(theirs, TRANSFER_S)  # a confined process may not do it
            reply: dict[str, Any] = {"error": OUT_OF_SERVICE}
            try:
                if pid := self._hand_over(theirs, key, request, artifact):
                    reply = {"pid": pid}
            except OSError:  # the process has not accepted earlier sockets
                reply = {"busy": "Too many requests wait for the estimator."}
            descriptors = [own.fileno()] if "pid" in reply else []
            messages.send(connection, messages.dump(reply), descriptors)

    def _hand_over(
        self, theirs: socket.socket, key: str, request: dict[str, Any], artifact: int
    ) -> int:
        """Send a socket to the version's process, or to a new one if that has just ended.

        Return the process id; 0 if the version is out of service.
        """
        while True:
            deaths = self._deaths.get(key, ())
            if sum(time.monotonic() - died_at < DEATHS_S for died_at in deaths) >= MAX_DEATHS:
                return 0
            child = self._children.get(key) or self._start(key, request, artifact)
            try:
                socket.send_fds(child.connections, [b"!"], [theirs.fileno()])
            except ConnectionError:  # it has ended, or a hostile file has closed the socket
                self._kill(child.pid)
            else:
                return child.pid

    def _start_job(
        self,
        connection: socket.socket,
        fields: dict[str, Any],
        files: Sequence[str],
        descriptors: Sequence[int],
    ) -> None:
        """Start the process of a job, and send the socket on which it sends its outcome."""
        job = Job(**fields | dict(zip(files, descriptors, strict=True)))
        with resources():
            own, theirs = messages.pair()
        with own, theirs:
            optional = [*boosters.find_compiler_versions(), *list_modules(job.trusted)]
            self._jobs.add(_fork(JOB, optional, job, theirs))
            messages.send(connection, messages.dump({}), [own.fileno()])

    def _start(self, key: str, request: dict[str, Any], artifact: int) -> Child:
        options = Options(**request)
        with resources():
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            optional = [*options.packages, *list_modules(options.trusted)]
            pid = _fork(ESTIMATOR_PROCESS, optional, options, artifact, theirs)
        ours.settimeout(0)
        child = self._children[key] = Child(key, pid, ours)
        return child

    def _kill(self, pid: int) -> None:
        """Kill an estimator process, unless it has ended."""
        if any(child.pid == pid for child in self._children.values()):
            os.kill(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            self._reap()

    def _reap(self) -> None:
        """Forget processes that have ended, and count those that did not end by themselves."""
        self._jobs = {pid for pid in self._jobs if not os.waitpid(pid, os.WNOHANG)[0]}
        for child in list(self._children.values()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if not pid:
                continue
            del self._children[child.key]
            child.connections.close()
            if code := os.waitstatus_to_exitcode(status):
                deaths = self._deaths.setdefault(child.key, deque(maxlen=MAX_DEATHS))
                deaths.append(time.monotonic())
                how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
                log.error("Estimator process %s ended with %s.", pid, how)


@contextmanager
def resources() -> Iterator[None]:
    """Raise NoResourcesError if a call that needs resources of the operating system fails."""
    try:
        yield
    except OSError as exc:
        raise NoResourcesError(exc.strerror) from exc


def _fork(module: str, optional: Sequence[str], *arguments: Any) -> int:
    """Run the `main` of a module in a fork, and return its process id.

    The last argument of `main` is the id of this process.
    """
    gc.disable()  # imports make no garbage, and the collector would run all the time
    import_modules((*SHARED_MODULES, module), optional)
    gc.freeze()  # the collector would write to the pages that all processes share
    gc.enable()
    supervisor = os.getpid()
    with resources():
        pid = os.fork()
    if not pid:
        _run_child(partial(import_module(module).main, *arguments, supervisor))
    return pid


def list_modules(trusted: Sequence[str]) -> list[str]:
    """Return the modules of the operator's trusted names."""
    return [name.rpartition(".")[0] for name in trusted]


def import_modules(modules: Sequence[str], optional: Sequence[str]) -> None:
    """Import modules that confined processes share, and optional modules that some files need.

    The optional modules are those of the operator, whose files a confined process cannot read, and
    packages of gradient boosting: those that a version needs, and all that are installed for a job.
    """
    from predictor.core import sklearn_private  # noqa: PLC0415 - many servers never fork a process

    for name in modules:
        import_module(name)
    sklearn_private.find_thread_pools()
    for name in optional:
        try:
            import_module(name)
        except Exception:  # only a file that names the module is rejected
            log.exception("The module %s cannot be imported.", name)


def _run_child(function: Callable[[], None]) -> NoReturn:
    """Run a function in a fork, and exit without the clean-up of the supervisor."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        function()
        code = 0
    except Exception:  # the fork must not return to the supervisor's loop
        log.exception("A process of the supervisor failed.")
    finally:
        os._exit(code)


def main() -> None:
    """Serve the owner, and the workers that connect to a listening socket."""
    parser = ArgumentParser(prog="predictor.isolation.supervisor")
    parser.add_argument("--listener", type=int)
    options = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the owner can block signals
    owner = socket.socket(fileno=os.dup(0))
    listener = socket.socket(fileno=options.listener) if options.listener else None
    Supervisor().serve(owner, listener)


if __name__ == "__main__":
    main()
    sys.exit(0)
