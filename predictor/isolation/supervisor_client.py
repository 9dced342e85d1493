"""Client of the supervisor, which it starts if the server has none."""

import atexit
import os
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from predictor.core.errors import ArtifactError, Busy
from predictor.isolation import messages
from predictor.isolation.job import Job
from predictor.isolation.options import Options

# Longest wait for the other requests of this process, and for the reply to a request. The
# supervisor imports scikit-learn at the first request.
TIMEOUT_S = 60

# The environment of child processes contains no secrets.
INHERITED = ("PATH", "LANG", "VIRTUAL_ENV")

# Further threads need memory, which is limited, and a fork of a process with threads cannot use
# OpenMP. joblib would start a process to count cores.
SINGLE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


class OwnedSupervisor:
    """A supervisor that this process has started. It ends with this process.

    The supervisor also accepts other processes at a listening socket.
    """

    def __init__(self, listener: socket.socket | None = None) -> None:
        listening = [f"--listener={listener.fileno()}"] if listener else []
        self.connection, theirs = messages.pair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - a command of this module
                [sys.executable, "-P", "-m", "predictor.isolation.supervisor", *listening],
                env=child_environment(),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                pass_fds=[listener.fileno()] if listener else [],
                process_group=0,  # Ctrl-C is for this process
            )
        messages.limit_waits(self.connection, TIMEOUT_S)
        self._owner = os.getpid()

    def has_ended(self) -> bool:
        """Return whether the supervisor has ended by itself."""
        return self.process.poll() is not None

    def close(self) -> None:
        """End the supervisor. A fork of its owner only closes its copy of the connection."""
        self.connection.close()
        if os.getpid() != self._owner:
            return
        self.process.kill()  # its estimator processes end with it
        self.process.wait()


class SupervisorClient:
    """Connection of this process to a supervisor; threads may share it."""

    def __init__(self) -> None:
        self._address: Path | None = None
        self._owned: OwnedSupervisor | None = None
        self._connection: socket.socket | None = None
        self._pid = os.getpid()
        self._using = threading.Lock()

    def use(self, address: Path) -> None:
        """Use the supervisor that listens at an address, instead of one of this process."""
        self._address = address

    def connect(self, artifact: Path, options: Options) -> tuple[socket.socket, int]:
        """Return a socket of the version's estimator process, and the process id.

        Raises
        ------
        ArtifactError
            The artifact cannot be read; the version is out of service, because its process has
            ended too often.
        Busy
            The process has not accepted earlier connections; other requests wait for the
            supervisor, or it does not respond; the operating system refuses a process.
        """
        try:
            descriptor = os.open(artifact, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as exc:
            raise ArtifactError(f"The model file cannot be read: {exc.strerror}.") from exc
        try:
            reply, descriptors = self._request(asdict(options), [descriptor])
        finally:
            os.close(descriptor)
        if "error" in reply:
            raise ArtifactError(reply["error"])
        return socket.socket(fileno=descriptors[0]), reply["pid"]

    def start_job(self, job: Job) -> socket.socket:
        """Start a job, and return the socket that receives its outcome.

        The job ends when the socket is closed.

        Raises
        ------
        Busy
            See `connect`.
        """
        files = job.descriptors()
        request = {"job": asdict(job), "files": list(files)}
        _, descriptors = self._request(request, list(files.values()))
        return socket.socket(fileno=descriptors[0])

    def kill(self, pid: int) -> None:
        """Kill an estimator process."""
        self._request({"kill": pid}, [])

    def close(self) -> None:
        """Disconnect, and end the supervisor if it belongs to this process."""
        with self._using:
            self._disconnect()

    def _request(
        self, request: dict[str, Any], descriptors: list[int]
    ) -> tuple[dict[str, Any], list[int]]:
        """Send a request, a second time if the supervisor has ended, and return the reply.

        Raises
        ------
        Busy
            See `connect`.
        """
        if not self._using.acquire(timeout=TIMEOUT_S):
            raise Busy("Too many requests wait for the supervisor of confined processes.")
        try:
            if self._pid != os.getpid():  # the connection belongs to the process that was forked
                self._disconnect()
                self._pid = os.getpid()
            try:
                return self._send(request, descriptors)
            except ConnectionError:
                self._disconnect()
                return self._send(request, descriptors)
        except OSError as exc:
            self._disconnect()
            raise Busy("The supervisor of confined processes does not respond.") from exc
        finally:
            self._using.release()

    def _send(
        self, request: dict[str, Any], descriptors: list[int]
    ) -> tuple[dict[str, Any], list[int]]:
        if self._connection is None:
            self._connection = self._open()
        messages.send(self._connection, messages.dump(request), descriptors)
        reply, descriptors = messages.receive_with_descriptors(self._connection, 1)
        if "busy" in reply.header:
            raise Busy(reply.header["busy"])
        return reply.header, descriptors

    def _open(self) -> socket.socket:
        if self._address is None:
            self._owned = OwnedSupervisor()
            return self._owned.connection
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        messages.limit_waits(connection, TIMEOUT_S)
        try:
            connection.connect(str(self._address))
        except OSError:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._owned is not None:
            self._owned.close()
            self._owned = None


def child_environment() -> dict[str, str]:
    """Return the environment of a child process, which imports from the same places."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, sys.path))
    return environment | dict.fromkeys(SINGLE, "1")


@cache
def get_supervisor() -> SupervisorClient:
    """Return the client of this process."""
    client = SupervisorClient()
    atexit.register(client.close)
    return client
