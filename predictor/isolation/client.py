"""Engine that runs an estimator in an estimator process."""

import hashlib
import math
import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol

from predictor.core.engines import SCIKIT_LEARN, MethodResults
from predictor.core.engines.concurrency_limit import SLOW_REQUESTS
from predictor.core.errors import ArtifactError, Busy, EstimatorFailed, InvalidInput
from predictor.core.signature import Signature
from predictor.isolation import messages, packing
from predictor.isolation.messages import Disconnected, MalformedMessage
from predictor.isolation.options import Options
from predictor.isolation.reply_validation import InvalidReply, check_results
from predictor.isolation.supervisor_client import SupervisorClient

# Time in which a new process must have loaded its estimator.
LOAD_S = 60

# A process reads a request after at most one call, lets it wait for at most the time of one call,
# and runs it. A process that has not responded after three calls is broken.
CALLS_TO_WAIT = 3

# A retried request is retried again if other rows ended the process.
MAX_RETRIES = 5

# Time for which rows that ended a process are refused.
REFUSED_S = 10
MAX_REFUSED = 1000

MAX_MESSAGE_LENGTH = 1000

# Largest reply: a MiB for each row, and some more. A hostile process must not fill the memory.
MIB, MIN_REPLY_MIB, MAX_REPLY_MIB = 2**20, 16, 256

# Time after which an unused connection is closed, unless it is the last one.
UNUSED_S = 60


class Observer(Protocol):
    """Receives the counts of the requests that are batched."""

    def called(self, n_requests: int) -> None:
        """Record the number of requests in one call of the estimator."""

    def queued(self, n_requests: int) -> None:
        """Record the number of requests that wait for the estimator process, after each change."""


class UnexpectedError(Exception):
    """The estimator raised an unexpected exception; the message is its traceback."""


class _ProcessEnded(Exception):
    """The process ended before it responded.

    Parameters
    ----------
    has_started : bool
        Whether it had started the call of a retried request.
    """

    def __init__(self, *, has_started: bool) -> None:
        super().__init__()
        self.has_started = has_started


class _Connection:
    """Socket of an estimator process."""

    def __init__(self, connection: socket.socket, pid: int, timeout_s: float) -> None:
        self.socket = connection
        self.pid = pid
        self.owner = os.getpid()
        self.used_at = math.inf
        self._timeout_s = timeout_s
        self._is_new = True
        messages.limit_waits(connection, timeout_s + LOAD_S)

    def request(self, buffers: Sequence[Any], n_rows: int, *, is_retried: bool) -> messages.Message:
        """Send a request and return the reply; of a retried request, the message before it."""
        messages.send(self.socket, buffers)
        first_bytes = messages.PREFIX.size if is_retried else messages.CHUNK_BYTES
        return self.receive(n_rows, first_bytes)

    def receive(self, n_rows: int, first_bytes: int = messages.CHUNK_BYTES) -> messages.Message:
        """Return the next message."""
        reply = messages.receive(
            self.socket,
            first_bytes=first_bytes,
            max_bytes=MIB * min(n_rows + MIN_REPLY_MIB, MAX_REPLY_MIB),
            deadline=time.monotonic() + self._timeout_s + (LOAD_S if self._is_new else 0),
        )
        if self._is_new:
            self._is_new = False
            messages.limit_waits(self.socket, self._timeout_s)
        return reply

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


class RemoteEngine:
    """Engine that runs an estimator in an estimator process, which all workers share.

    Parameters
    ----------
    artifact : Path
    signature : Signature
    options : Options
    supervisor : SupervisorClient
    observer : Observer
    """

    def __init__(
        self,
        artifact: Path,
        signature: Signature,
        options: Options,
        supervisor: SupervisorClient,
        observer: Observer,
    ) -> None:
        self._artifact = artifact
        self._signature = signature
        self._options = options
        self._supervisor = supervisor
        self._observer = observer
        self.failure = ""
        self._idle: deque[_Connection] = deque()
        self._refused: dict[bytes, float] = {}
        self._n_waiting = 0
        self._counting = threading.Lock()
        # The process ends when no worker is connected.
        weakref.finalize(self, _close_all, self._idle)

    def engine_name(self, n_samples: int) -> str:  # noqa: ARG002 - the interface
        """Return "scikit-learn"."""
        return SCIKIT_LEARN

    def is_compiled(self, method: str, n_samples: int) -> bool:  # noqa: ARG002 - the interface
        """Return False."""
        return False

    def run(self, methods: Sequence[str], X: Any) -> MethodResults:
        """Return the result of each method for the rows.

        Raises
        ------
        InvalidInput
            The estimator rejects the rows.
        Busy
            Too many requests are run, or wait.
        EstimatorFailed
            The rows end the process, or exceed its time limit.
        ArtifactError
            The estimator cannot be loaded; its process has ended too often.
        UnexpectedError
            The estimator raises another exception.
        """
        with SLOW_REQUESTS:
            self._count(1)
            try:
                return self._run(methods, X)
            finally:
                self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self._n_waiting += change
            self._observer.queued(self._n_waiting)

    def _run(self, methods: Sequence[str], X: Any) -> MethodResults:
        """Run the methods; if the process ends, again, in a call of their own."""
        arrays: list[Any] = []
        header = {"methods": methods, "X": packing.pack(X, arrays), "is_retried": False}
        buffers = messages.dump(header, arrays)
        self._check_refused(buffers)
        start = time.monotonic()
        try:
            with suppress(_ProcessEnded):
                return self._request(buffers, methods, X.shape[0])
            own_call = messages.dump(header | {"is_retried": True}, arrays)
            return self._retry(own_call, methods, X, time.monotonic() - start)
        except EstimatorFailed:
            self._refuse(buffers)
            raise

    def _retry(
        self, buffers: Sequence[Any], methods: Sequence[str], X: Any, waited_s: float
    ) -> MethodResults:
        """Run the methods until the process ends during their own call."""
        if waited_s >= self._options.time_limit_s:
            raise EstimatorFailed(
                f"The estimator exceeded its time limit of {self._options.time_limit_s:g} s."
            )
        for _ in range(MAX_RETRIES):
            try:
                return self._request(buffers, methods, X.shape[0], is_retried=True)
            except _ProcessEnded as exc:
                if exc.has_started:
                    break
        raise EstimatorFailed("The estimator's process ended while it handled these rows.")

    def _request(
        self,
        buffers: Sequence[Any],
        methods: Sequence[str],
        n_rows: int,
        *,
        is_retried: bool = False,
    ) -> MethodResults:
        """Return the results of one request.

        Raises
        ------
        _ProcessEnded
            The process ended, or was killed because it did not respond correctly.
        """
        connection = self._take()
        is_reusable = has_started = False
        try:
            reply = connection.request(buffers, n_rows, is_retried=is_retried)
            if has_started := "started" in reply.header:
                reply = connection.receive(n_rows)
            results = self._read(reply, methods, n_rows)
            is_reusable = True
        except Disconnected as exc:
            self._close_idle(connection.pid)
            raise _ProcessEnded(has_started=has_started) from exc
        except (TimeoutError, MalformedMessage, InvalidReply) as exc:
            self._supervisor.kill(connection.pid)
            self._close_idle(connection.pid)
            if isinstance(exc, InvalidReply):
                raise EstimatorFailed(f"The estimator's result is invalid. {exc}") from exc
            raise _ProcessEnded(has_started=has_started) from exc
        except (InvalidInput, Busy, UnexpectedError):
            is_reusable = True
            raise
        finally:
            self._keep(connection) if is_reusable else connection.close()
        return results

    def _keep(self, connection: _Connection) -> None:
        """Keep a connection for other requests, and close one that is not needed any more."""
        connection.used_at = time.monotonic()
        self._idle.append(connection)
        with suppress(IndexError):  # another thread takes connections
            if self._idle[0].used_at < connection.used_at - UNUSED_S:
                self._idle.popleft().close()

    def _read(self, reply: messages.Message, methods: Sequence[str], n_rows: int) -> MethodResults:
        """Return the results in a reply, or raise the exception that it describes."""
        header = reply.header
        if "results" not in header:
            _raise(header, self._artifact)
        unpacker = packing.Unpacker(reply.body)
        if type(header["results"]) is not dict or type(header.get("batch")) is not int:
            raise MalformedMessage
        results = {name: unpacker.unpack(each) for name, each in header["results"].items()}
        check_results(self._signature, methods, n_rows, results)
        if header["batch"]:
            self._observer.called(header["batch"])
        return MethodResults(results, SCIKIT_LEARN)

    def _take(self) -> _Connection:
        """Return an idle connection, or a new one."""
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if connection.owner == os.getpid():
                    return connection
                connection.close()  # it belongs to the parent of this process
        return self._connect()

    def _close_idle(self, pid: int) -> None:
        """Close the idle connections to a process that has ended."""
        for _ in range(len(self._idle)):
            with suppress(IndexError):  # another thread takes connections
                connection = self._idle.popleft()
                if connection.pid == pid:
                    connection.close()
                else:
                    self._idle.append(connection)

    def _connect(self) -> _Connection:
        try:
            connection, pid = self._supervisor.connect(self._artifact, self._options)
        except ArtifactError as exc:
            self.failure = str(exc)
            raise
        self.failure = ""
        return _Connection(connection, pid, CALLS_TO_WAIT * self._options.time_limit_s)

    def _check_refused(self, buffers: Sequence[Any]) -> None:
        """Refuse rows that ended the process a moment ago: they would end it again."""
        if self._refused:
            refused_until = self._refused.get(_digest(buffers), 0)
            if time.monotonic() < refused_until:
                raise EstimatorFailed("The estimator failed for these rows a moment ago.")

    def _refuse(self, buffers: Sequence[Any]) -> None:
        if len(self._refused) >= MAX_REFUSED:
            self._refused.clear()
        self._refused[_digest(buffers)] = time.monotonic() + REFUSED_S


def _raise(header: dict[str, Any], artifact: Path) -> NoReturn:
    """Raise the exception that a reply describes."""
    texts = {name: text for name, text in header.items() if type(text) is str}
    if text := texts.get("load_error"):
        raise ArtifactError(f"{'/'.join(artifact.parts[-3:])}: {text[:MAX_MESSAGE_LENGTH]}")
    if text := texts.get("busy"):
        raise Busy(text[:MAX_MESSAGE_LENGTH])
    if text := texts.get("failed"):
        raise UnexpectedError(text)
    if text := texts.get("invalid"):
        raise InvalidInput(text[:MAX_MESSAGE_LENGTH], _columns(header.get("columns")))
    raise MalformedMessage


def _columns(value: Any) -> dict[str, list[str]]:
    """Return the sentences about each column that a reply contains."""
    columns = value if isinstance(value, dict) else {}
    return {name: list(map(str, texts)) for name, texts in columns.items()}


def _digest(buffers: Sequence[Any]) -> bytes:
    digest = hashlib.sha256()
    for buffer in buffers:
        digest.update(buffer)
    return digest.digest()


def _close_all(connections: deque[_Connection]) -> None:
    for connection in connections:
        connection.close()
