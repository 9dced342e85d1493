"""Engine that runs an estimator in an estimator process."""

import hashlib
import logging
import threading
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from predictor.core.engines import SCIKIT_LEARN, MethodResults
from predictor.core.engines.concurrency_limit import SLOW_REQUESTS
from predictor.core.engines.result_validation import InvalidResult
from predictor.core.errors import ArtifactError, Busy, EstimatorFailed, InvalidInput
from predictor.core.signature import Signature
from predictor.isolation import messages, packing
from predictor.isolation.connections import ConnectionPool
from predictor.isolation.messages import MalformedMessage
from predictor.isolation.replies import read_reply

log = logging.getLogger(__name__)

# A retried request is retried again if other rows ended the process.
MAX_RETRIES = 5

# Time for which rows that ended a process are refused.
REFUSED_S = 10
MAX_REFUSED = 1000


class Observer(Protocol):
    """Receives the counts of the requests that are batched."""

    def called(self, n_requests: int) -> None:
        """Record the number of requests in one call of the estimator."""

    def queued(self, n_requests: int) -> None:
        """Record the number of requests that wait for the estimator process, after each change."""


class _ProcessEnded(Exception):
    """The process ended before it responded, or was killed because it did not respond correctly."""

    def __init__(self, *, has_started: bool) -> None:
        super().__init__()
        self.has_started = has_started  # the call of a retried request


class RemoteEngine:
    """Engine that runs an estimator in an estimator process, which all workers share."""

    def __init__(
        self, signature: Signature, connections: ConnectionPool, observer: Observer
    ) -> None:
        self.connections = connections
        self._signature = signature
        self._observer = observer
        self._refused = RefusedRows()
        self._n_waiting = 0
        self._counting = threading.Lock()
        weakref.finalize(self, connections.close)

    def __str__(self) -> str:
        return f"the estimator of {self.connections.name}"

    @property
    def failure(self) -> str:
        """Reason why the estimator is out of service; empty if it is in service."""
        return self.connections.failure

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
            Too many requests are run, or wait; the rows need too much memory.
        EstimatorFailed
            The rows end the process, or exceed its time limit; the result is invalid; the
            estimator raises another exception.
        ArtifactError
            The estimator cannot be loaded; its process has ended too often.
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
        self._refused.check(buffers)
        start = time.monotonic()
        try:
            with suppress(_ProcessEnded):
                return self._request(buffers, methods, X.shape[0])
            own_call = messages.dump(header | {"is_retried": True}, arrays)
            return self._retry(own_call, methods, X.shape[0], time.monotonic() - start)
        except EstimatorFailed as exc:
            # The cause can be the traceback of the estimator process.
            log.error("%s: %s %s", self.connections.name, exc, exc.__cause__ or "")  # noqa: TRY400
            self._refused.add(buffers, str(exc))
            raise

    def _retry(
        self, buffers: Sequence[Any], methods: Sequence[str], n_rows: int, waited_s: float
    ) -> MethodResults:
        """Run the methods until the process ends during their own call."""
        limit_s = self.connections.options.time_limit_s
        if waited_s >= limit_s:
            raise EstimatorFailed(f"The estimator exceeded its time limit of {limit_s:g} s.")
        for _ in range(MAX_RETRIES):
            try:
                return self._request(buffers, methods, n_rows, is_retried=True)
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
        """Return the results of one request, or raise _ProcessEnded."""
        connection = self.connections.take()
        is_reusable = has_started = False
        try:
            connection.send(buffers)
            message = connection.receive(n_rows, is_last=not is_retried)
            if has_started := "started" in message.header:
                message = connection.receive(n_rows)
            n_bytes = sum(map(len, buffers))
            results, n_requests = read_reply(message, self._signature, methods, n_rows, n_bytes)
            is_reusable = True
        except (InvalidInput, Busy, EstimatorFailed):
            is_reusable = True
            raise
        except ArtifactError as exc:
            raise ArtifactError(f"{self.connections.name}: {exc}") from exc
        except InvalidResult as exc:
            self.connections.kill(connection.pid)
            raise EstimatorFailed(f"The estimator's result is invalid. {exc}") from exc
        except ConnectionError as exc:
            self.connections.drop(connection.pid)
            raise _ProcessEnded(has_started=has_started) from exc
        except (*messages.TIMEOUTS, MalformedMessage) as exc:
            self.connections.kill(connection.pid)
            raise _ProcessEnded(has_started=has_started) from exc
        finally:
            if is_reusable:
                self.connections.keep(connection)
            else:
                connection.close()
        self._count_call(n_requests)
        return results

    def _count_call(self, n_requests: int) -> None:
        if n_requests:  # else another reply to the same call states it
            self._observer.called(n_requests)


class RefusedRows:
    """Rows that ended a process a moment ago, and would end the next one."""

    def __init__(self) -> None:
        self._refused: dict[bytes, tuple[float, str]] = {}

    def check(self, buffers: Sequence[Any]) -> None:
        """Raise EstimatorFailed if the rows in the message of a request have ended a process."""
        if not self._refused:
            return
        until, reason = self._refused.get(_digest(buffers), (0, ""))
        if time.monotonic() < until:
            raise EstimatorFailed(reason)

    def add(self, buffers: Sequence[Any], reason: str) -> None:
        """Refuse the rows of a request for some seconds."""
        if len(self._refused) >= MAX_REFUSED:
            self._refused.clear()
        self._refused[_digest(buffers)] = (time.monotonic() + REFUSED_S, reason)


def _digest(buffers: Sequence[Any]) -> bytes:
    digest = hashlib.sha256()
    for buffer in buffers:
        digest.update(buffer)
    return digest.digest()
