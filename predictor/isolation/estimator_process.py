"""Process that runs the estimator of one version, for all workers of a server."""

import hashlib
import json
import os
import selectors
import signal
import socket
import time
import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from predictor.core.artifacts import open_artifact
from predictor.core.engines import EstimatorEngine
from predictor.core.engines.batching import get_dtypes, run_batch
from predictor.core.engines.engine import MethodResults
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.input_builders import SPARSE
from predictor.core.response_values import ESTIMATOR_ONLY
from predictor.core.signature import Signature
from predictor.isolation import messages, packing
from predictor.isolation.confinement import confine
from predictor.isolation.options import Options

# Requests with more rows gain nothing from a batch, and would delay the others in it.
MAX_ROWS_TO_BATCH = 64
# Largest number of rows in a batch.
MAX_BATCH_ROWS = 1024

MAX_REPORT_LENGTH = 4000


@dataclass
class Request:
    """A request of a worker, which waits for its call."""

    connection: socket.socket
    methods: tuple[str, ...]
    X: Any
    dtypes: Any
    is_alone: bool
    is_retried: bool
    received_at: float = field(default_factory=time.monotonic)

    def goes_with(self, other: "Request") -> bool:
        """Return whether one call can answer both requests."""
        if self.is_alone or self.methods != other.methods:
            return False
        is_same_type = type(self.X) is type(other.X) and self.X.shape[1:] == other.X.shape[1:]
        return is_same_type and self.dtypes == other.dtypes


def main(options: Options, artifact: int, connections: socket.socket, parent: int) -> None:
    """Run the estimator in an open artifact until no worker is connected.

    The supervisor, which is the parent, sends the sockets of workers over the connections.
    """
    keep = (artifact, connections.fileno())
    confine(keep=keep, memory_bytes=options.memory_bytes, parent=parent)
    load_error, estimator = "", None
    try:
        estimator = load(artifact, options)
    except ArtifactError as exc:
        load_error = str(exc)
    except MemoryError:
        load_error = "The estimator exceeds ESTIMATOR_MEMORY_BYTES."
    EstimatorProcess(options, EstimatorEngine(estimator), connections, load_error).serve()


def load(artifact: int, options: Options) -> Any:
    """Return the estimator in an artifact.

    Raises
    ------
    ArtifactError
        The artifact is not the registered one; it is not safe to run.
    """
    with os.fdopen(artifact, "rb") as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != options.sha256:
        raise ArtifactError("The file has changed since its registration: its SHA-256 differs.")
    opened = open_artifact(data, trusted=options.trusted, allow_version=options.allow_version)
    return opened.estimator


class EstimatorProcess:
    """Loop that receives requests from all workers, runs them in batches, and responds.

    Requests that arrive during a call form the next batch. There is no timer: a request that finds
    no running call starts one at once.
    """

    def __init__(
        self, options: Options, engine: EstimatorEngine, connections: socket.socket, load_error: str
    ) -> None:
        self.options = options
        self.engine = engine
        self.signature = Signature.from_json(json.loads(options.signature))
        self.load_error = load_error  # the response to every request; empty if there is none
        self._connections = connections
        self._open: set[socket.socket] = set()
        self._queue: deque[Request] = deque()
        self._selector = selectors.DefaultSelector()
        self._selector.register(connections, selectors.EVENT_READ)

    def serve(self) -> None:
        """Respond until all workers have disconnected, or no request arrives for some time."""
        self._accept()
        while self._open:
            if not self._receive_ready() and not self._queue:
                return
            if self._queue:
                self._fill_queue()
                self._run_next()

    def _fill_queue(self) -> None:
        """Receive requests until no more arrive.

        A call occupies the processor core. Workers on the same core get a chance to send requests
        before; without such workers this takes some microseconds.
        """
        n_queued = -1
        while len(self._queue) > n_queued:
            n_queued = len(self._queue)
            os.sched_yield()
            self._receive_ready()

    def _receive_ready(self) -> bool:
        """Receive from all sockets that are ready. Wait for one of them if the queue is empty.

        Returns
        -------
        bool
            False if nothing arrived in the time after which the process ends.
        """
        events = self._selector.select(0 if self._queue else self.options.idle_s)
        has_arrived = bool(events)
        while events:
            has_accepted = False
            for key, _ in events:
                if key.fileobj is self._connections:
                    has_accepted = True
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._receive(key.fileobj)
            # A socket that was accepted now can have a request already.
            events = self._selector.select(0) if has_accepted else []
        return has_arrived

    def _accept(self) -> None:
        """Receive the socket of a worker from the supervisor."""
        data, descriptors, _, _ = socket.recv_fds(self._connections, 1, 1)
        if not data:
            os._exit(0)  # the supervisor has ended
        if not descriptors:  # this process may not have as many
            return
        connection = socket.socket(fileno=descriptors[0])
        self._open.add(connection)
        self._selector.register(connection, selectors.EVENT_READ)

    def _receive(self, connection: socket.socket) -> None:
        """Queue the request of a worker. Drop a worker that has disconnected or is stuck."""
        try:
            header, body = messages.receive(connection)
        except (OSError, messages.MalformedMessage):
            self._drop(connection)
            return
        X = packing.Unpacker(body, self.signature.build).unpack(header["X"])
        if self.signature.container == SPARSE:
            from scipy import sparse  # noqa: PLC0415 - only some estimators need it

            X = sparse.csr_matrix(X)
        methods, dtypes = tuple(header["methods"]), get_dtypes(X, self.signature.columns)
        is_retried = header["is_retried"]
        is_alone = (
            is_retried
            or X.shape[0] > MAX_ROWS_TO_BATCH
            or not self.options.is_batch_safe
            or not ESTIMATOR_ONLY.isdisjoint(methods)
        )
        self._queue.append(Request(connection, methods, X, dtypes, is_alone, is_retried))

    def _run_next(self) -> None:
        """Run the batch of the first request in the queue."""
        first = self._queue.popleft()
        if self.load_error:
            self._send(first.connection, {"load_error": self.load_error})
        elif time.monotonic() - first.received_at > self.options.time_limit_s:
            self._send(first.connection, {"busy": "The estimator has no time for these rows."})
        elif first.connection in self._open:
            if first.is_retried:
                self._send(first.connection, {"started": True})
            run_batch(self._run, self._take(first), self._respond)

    def _run(self, methods: Sequence[str], X: Any) -> MethodResults:
        """Run the estimator. The kernel ends this process if that takes too long, in any code."""
        signal.setitimer(signal.ITIMER_REAL, self.options.time_limit_s)
        try:
            return self.engine.run(methods, X)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _take(self, first: Request) -> list[Request]:
        """Remove the requests from the queue that can share a call with the first one."""
        batch, others, n_rows = [first], deque[Request](), first.X.shape[0]
        if first.is_alone:
            return batch
        for request in self._queue:
            n = n_rows + request.X.shape[0]
            if n <= MAX_BATCH_ROWS and request.goes_with(first):
                batch.append(request)
                n_rows = n
            else:
                others.append(request)
        self._queue = others
        return batch

    def _respond(
        self, request: Request, outcome: MethodResults | Exception, n_requests: int
    ) -> None:
        """Send the results of a request, or the exception, and the size of the batch."""
        if isinstance(outcome, MethodResults):
            arrays: list[Any] = []
            try:
                results = {name: packing.pack(values, arrays) for name, values in outcome.items()}
                header = {"results": results, "batch": n_requests}
                self._send(request.connection, header, arrays)
            except (TypeError, ValueError, AttributeError) as exc:
                outcome = exc
        if isinstance(outcome, InvalidInput):
            columns = {name: list(texts) for name, texts in outcome.columns.items()}
            header = {"invalid": _printable(str(outcome)), "columns": columns}
            self._send(request.connection, header)
        elif isinstance(outcome, MemoryError):
            self._send(request.connection, {"busy": "These rows exceed ESTIMATOR_MEMORY_BYTES."})
        elif isinstance(outcome, Exception):
            report = "".join(traceback.format_exception(outcome))
            self._send(request.connection, {"failed": _printable(report)[-MAX_REPORT_LENGTH:]})

    def _send(
        self, connection: socket.socket, header: dict[str, Any], arrays: Sequence[Any] = ()
    ) -> None:
        if connection not in self._open:
            return
        buffers = messages.dump(header, arrays)
        try:
            messages.send(connection, buffers)
        except OSError:
            self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        if connection in self._open:
            self._open.remove(connection)
            self._selector.unregister(connection)
            connection.close()


def _printable(text: str) -> str:
    """Return a text with replacements for the characters that JSON cannot represent."""
    return text.encode("utf-8", "replace").decode()
