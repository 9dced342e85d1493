"""Rows of several requests answered by one call of the estimator.

An estimator that takes milliseconds for a row takes little more for a hundred. While a call runs,
the requests that come meanwhile wait together, and go together when it ends. Nothing waits for a
clock: where no call runs, a request takes along those that are there, and has its own at once.
"""

import os
from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Any, Protocol

from predictor.core.cohorts import Cohort, answering
from predictor.core.engines.bells import IDLE, Bell, idle_bell
from predictor.core.engines.engine import Answers, Engine, ran
from predictor.core.engines.places import PLACES, Alone
from predictor.core.engines.stacking import rows, stacked

# A request with more rows than these gains nothing, and would have others wait for it.
MOST_ROWS = 64


class Waiting:
    """A request that waits: for its results, or for its turn to call for itself and others."""

    __slots__ = (
        "X", "bell", "calls", "cohort", "may_wait", "methods", "others", "problem", "results",
    )  # fmt: skip

    bell: Bell  # where it has to wait

    def __init__(self, methods: tuple[str, ...], X: Any) -> None:
        self.methods = methods
        self.X = X
        self.may_wait = answering.may_wait
        self.cohort: Cohort | None = None
        self.calls = False
        self.others: list[Waiting] | None = None  # that it calls for, where those are known
        self.results: Answers | None = None
        self.problem: Exception | None = None

    def goes_with(self, other: "Waiting") -> bool:
        """Return whether one call may answer both."""
        same = self.methods == other.methods and type(self.X) is type(other.X)
        return same and self.others is None


class Observer(Protocol):
    """Receives the counts of the requests that are batched."""

    def called(self, n_requests: int) -> None:
        """Record the number of requests in one call of the estimator."""

    def queued(self, n_requests: int) -> None:
        """Record the number of requests that wait, after each change."""


class Joining(Alone):
    """Runs an engine for one request at a time, or for several at once.

    Parameters
    ----------
    engine : Engine
        Gives each row the same whatever other rows there are.
    observer : Observer
    """

    def __init__(self, engine: Engine, observer: Observer) -> None:
        super().__init__(engine)
        self._observer = observer
        self._changing = Lock()
        self._running = False
        self._queue: deque[Waiting] = deque()

    def run(self, methods: Sequence[str], X: Any) -> Answers:
        """Return what each of the methods gives for the rows; see `Alone.run`."""
        if X.shape[0] > MOST_ROWS:
            return super().run(methods, X)
        with PLACES.taken():
            return self._run(methods, X)

    def _run(self, methods: Sequence[str], X: Any) -> Answers:
        answering.leave()  # nobody waits for a request that calls once more
        own = Waiting(tuple(methods), X)
        if self._queued(own):
            own.bell.wait()
            IDLE.append(own.bell)
        try:
            if own.calls:
                self._call(own)
        finally:
            answering.join(own.cohort)
        if own.problem:
            raise own.problem
        assert own.results is not None  # noqa: S101 - it has been answered with one or the other
        return own.results

    def _queued(self, own: Waiting) -> bool:
        """Return whether the request has to wait: where no other calls, it does at once."""
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
        """Call for the request and those that go with it; then it is the turn of the next one."""
        try:
            self._answer(self._all_alike(own))
        finally:
            self._pass_on()

    def _all_alike(self, own: Waiting) -> list[Waiting]:
        """Return the request and those that want the same, once nobody else is about to wait.

        A call keeps the core to itself. Whoever has been read already comes before it: that takes
        a microsecond where there is nobody.
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
        """Have the first that waits call next."""
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
        """Give each request its results.

        Where a call fails, the other half of them calls next, until it is known whose rows it was:
        who has none of those is answered with the first half that works.
        """
        try:
            while (problem := self._problem(joined)) and len(joined) > 1:
                joined = self._half(joined)
            joined[0].problem = problem
        finally:
            gather(joined)
            for one in joined[1:]:
                one.bell.ring()

    def _problem(self, joined: Sequence[Waiting]) -> Exception | None:
        """Call for all, and share the results; return what went wrong instead."""
        try:
            results = self.engine.run(joined[0].methods, stacked([one.X for one in joined]))
            self._observer.called(len(joined))
            share(joined, results)
        except Exception as exc:  # noqa: BLE001 - raised where it was asked for
            return exc
        return None

    def _half(self, joined: list[Waiting]) -> list[Waiting]:
        """Have the second half call next, as it is; return the first."""
        middle = len(joined) // 2
        first, *others = joined[middle:]
        with self._changing:
            first.others = others
            self._queue.appendleft(first)
        return joined[:middle]


def share(joined: Sequence[Waiting], results: Answers) -> None:
    """Give each request its own rows' results."""
    if len(joined) == 1:
        joined[0].results = results
        return
    start = 0
    for one in joined:
        stop = start + one.X.shape[0]
        parts = {name: rows(values, start, stop) for name, values in results.items()}
        one.results = ran(parts, results.engine_name)
        start = stop


def gather(joined: Sequence[Waiting]) -> None:
    """Have those whose answers may wait for each other send them together."""
    waiting = [one for one in joined if one.may_wait]
    if len(waiting) > 1:
        cohort = Cohort(len(waiting))
        for one in waiting:
            one.cohort = cohort
