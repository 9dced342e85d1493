"""Connections of this process to the estimator process of one version."""

import math
import os
import socket
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from predictor.core.errors import ArtifactError
from predictor.isolation import messages
from predictor.isolation.options import Options
from predictor.isolation.supervisor_client import SupervisorClient

# Time in which a new process must have loaded its estimator.
LOAD_S = 60

# A process reads a request after at most one call, lets it wait for at most the time of one call,
# and runs it. A process that has not responded after three calls is broken.
CALLS_TO_WAIT = 3

# Largest reply: a MiB for each row, and some more. A hostile process must not fill the memory.
MIB, MIN_REPLY_MIB, MAX_REPLY_MIB = 2**20, 64, 256
# Largest header of a reply, which describes about 20,000 arrays.
MAX_HEADER_BYTES = MIB

# Time after which an unused connection is closed, unless it is the last one.
UNUSED_S = 60


class Connection:
    """Socket of an estimator process, which must respond in time. One thread uses it at a time."""

    def __init__(self, connection: socket.socket, pid: int, timeout_s: float) -> None:
        self.pid = pid
        self.owner = os.getpid()
        self.used_at = math.inf
        self._socket = connection
        self._timeout_s = timeout_s
        self._is_new = True
        messages.limit_waits(connection, timeout_s + LOAD_S)

    def send(self, buffers: Sequence[Any]) -> None:
        """Send a request; see `messages.send`."""
        messages.send(self._socket, buffers)

    def receive(self, n_rows: int, *, is_last: bool = True) -> messages.Message:
        """Return the next message of the process; see `messages.receive`.

        Parameters
        ----------
        n_rows : int
            Number of rows of the request, which limits the length.
        is_last : bool
            Whether no other message can follow before the next request.
        """
        message = messages.receive(
            self._socket,
            first_bytes=messages.CHUNK_BYTES if is_last else messages.PREFIX.size,
            max_bytes=MIB * min(n_rows + MIN_REPLY_MIB, MAX_REPLY_MIB),
            max_header_bytes=MAX_HEADER_BYTES,
            deadline=time.monotonic() + self._timeout_s + (LOAD_S if self._is_new else 0),
        )
        if self._is_new:
            self._is_new = False
            messages.limit_waits(self._socket, self._timeout_s)
        return message

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class ConnectionPool:
    """Connections to the process of one version; the process ends when all of them are closed."""

    def __init__(self, artifact: Path, options: Options, supervisor: SupervisorClient) -> None:
        self.artifact = artifact
        self.name = "/".join(artifact.parts[-3:])  # without the directories of the server
        self.options = options
        self.supervisor = supervisor
        self.failure = ""  # the reason why there is no process
        self.idle: deque[Connection] = deque()

    def take(self) -> Connection:
        """Return an idle connection, or a new one.

        Raises
        ------
        ArtifactError, Busy
            See `SupervisorClient.connect`.
        """
        with suppress(IndexError):
            while True:
                connection = self.idle.pop()
                if connection.owner == os.getpid():
                    return connection
                connection.close()  # it belongs to the parent of this process
        try:
            new, pid = self.supervisor.connect(self.artifact, self.options)
        except ArtifactError as exc:
            self.failure = str(exc)
            raise
        self.failure = ""
        return Connection(new, pid, CALLS_TO_WAIT * self.options.time_limit_s)

    def keep(self, connection: Connection) -> None:
        """Keep a connection for other requests, and close one that has not been used for long."""
        connection.used_at = time.monotonic()
        self.idle.append(connection)
        with suppress(IndexError):  # another thread takes connections
            if self.idle[0].used_at < connection.used_at - UNUSED_S:
                self.idle.popleft().close()

    def drop(self, pid: int) -> None:
        """Close the idle connections to a process that has ended."""
        for _ in range(len(self.idle)):
            with suppress(IndexError):  # another thread takes connections
                connection = self.idle.popleft()
                if connection.pid == pid:
                    connection.close()
                else:
                    self.idle.append(connection)

    def kill(self, pid: int) -> None:
        """Kill a process that does not respond correctly."""
        self.supervisor.kill(pid)
        self.drop(pid)

    def close(self) -> None:
        """Close the idle connections."""
        while self.idle:
            self.idle.pop().close()
