"""Dynamic batching: one call of an engine answers the rows of several requests.

An estimator that takes milliseconds for one row takes little longer for a hundred. Requests that
arrive during a call are queued, and answered by the next call. There is no timer: a request that
finds no running call starts one at once.
"""

import os
from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Any, Protocol

from predictor.core.engines.batching import rows, stacked
from predictor.core.engines.bells import IDLE, Bell, idle_bell
from predictor.core.engines.engine import Engine, MethodResults
from predictor.core.engines.places import PLACES, Alone

# Requests with more rows gain nothing, and would delay others.
MOST_ROWS = 64


class Waiting:
    """Queued request: it waits for its result, or for its turn to run a batch."""

    __slots__ = ("X", "bell", "calls", "methods", "others", "problem", "results")

    bell: Bell  # set if the request has to wait

    def __init__(self, methods: tuple[str, ...], X: Any) -> None:
        self.methods = methods
        self.X = X
        self.calls = False
        self.others: list[Waiting] | None = None  # rest of its batch, if fixed
        self.results: MethodResults | None = None
        self.problem: Exception | None = None

    def goes_with(self, other: "Waiting") -> bool:
        """Return whether one call can answer both requests."""
        same = self.methods == other.methods and type(self.X) is type(other.X)
        return same and self.others is None


class Observer(Protocol):
    """Receives the counts of the requests that are batched."""

    def called(self, n_requests: int) -> None:
        """Record the number of requests in one call of the estimator."""

    def queued(self, n_requests: int) -> None:
        """Record the number of requests that wait, after each change."""


class Joining(Alone):
    """Engine that runs another engine for the rows of one or several requests at a time.

    Parameters
    ----------
    engine : Engine
        Its predictions do not change with the composition of the batch.
    observer : Observer
    """

    def __init__(self, engine: Engine, observer: Observer) -> None:
        super().__init__(engine)
        self._observer = observer
        self._changing = Lock()
        self._running = False
        self._queue: deque[Waiting] = deque()

    def run(self, methods: Sequence[str], X: Any) -> MethodResults:
        """Return the result of each method for the rows; see `Alone.run`."""
        if X.shape[0] > MOST_ROWS:
            return super().run(methods, X)
        with PLACES.taken():
            return self._run(methods, X)

    def _run(self, methods: Sequence[str], X: Any) -> MethodResults:
        own = Waiting(tuple(methods), X)
        if self._queued(own):
            own.bell.wait()
            IDLE.append(own.bell)
        if own.calls:
            self._call(own)
        if own.problem:
            raise own.problem
        assert own.results is not None  # noqa: S101 - there is a result or a problem
        return own.results

    def _queued(self, own: Waiting) -> bool:
        """Queue the request and return True, or return False if no call is running."""
        with self._changing:
            if not self._running:
                self._running = own.calls = True
                return False
            own.bell = idle_bell()
            self._queue.append(own)
            try:
                self._observer.queued(len(self._queue))
            except Exception:
                IDLE.append(self._queue.pop().bell)
                raise
            return True

    def _call(self, own: Waiting) -> None:
        """Run a batch with the request, then let the next request in the queue run one."""
        try:
            self._answer(self._all_alike(own))
        finally:
            self._pass_on()

    def _all_alike(self, own: Waiting) -> list[Waiting]:
        """Return the request and compatible queued requests, waiting until the queue stops growing.

        A call occupies the core. Threads that already have a request get a chance to queue it
        before; without such threads this takes a microsecond.
        """
        if own.others is not None:
            return [own, *own.others]
        seen = -1
        while len(self._queue) > seen:
            seen = len(self._queue)
            os.sched_yield()
        with self._changing:
            joined = [one for one in self._queue if one.goes_with(own)]
            if joined:
                others = [one for one in self._queue if not one.goes_with(own)]
                self._observer.queued(len(others))
                self._queue = deque(others)
        return [own, *joined]

    def _pass_on(self) -> None:
        """Let the first request in the queue run the next batch."""
        first: Waiting | None = None
        try:
            with self._changing:
                if not self._queue:
                    self._running = False
                    return
                first = self._queue.popleft()
                self._observer.queued(len(self._queue))
        finally:
            if first is not None:
                first.calls = True
                first.bell.ring()

    def _answer(self, joined: list[Waiting]) -> None:
        """Run a batch and wake its requests.

        If the call fails, the batch is halved, and the second half is queued first, until the
        request with the rejected rows is alone.
        """
        try:
            while (problem := self._problem(joined)) and len(joined) > 1:
                joined = self._half(joined)
            joined[0].problem = problem
        finally:
            for one in joined[1:]:
                one.bell.ring()

    def _problem(self, joined: Sequence[Waiting]) -> Exception | None:
        """Run a batch and distribute the results; return the exception if the call fails."""
        try:
            results = self.engine.run(joined[0].methods, stacked([one.X for one in joined]))
            self._observer.called(len(joined))
            share(joined, results)
        except Exception as exc:  # noqa: BLE001 - raised again in the thread of the request
            return exc
        return None

    def _half(self, joined: list[Waiting]) -> list[Waiting]:
        """Queue the second half of a batch first, as a batch; return the first half."""
        middle = len(joined) // 2
        first, *others = joined[middle:]
        with self._changing:
            first.others = others
            self._queue.appendleft(first)
        return joined[:middle]


def share(joined: Sequence[Waiting], results: MethodResults) -> None:
    """Give each request the results for its rows."""
    if len(joined) == 1:
        joined[0].results = results
        return
    start = 0
    for one in joined:
        stop = start + one.X.shape[0]
        parts = {name: rows(values, start, stop) for name, values in results.items()}
        one.results = MethodResults(parts, results.engine_name)
        start = stop
