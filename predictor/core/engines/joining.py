"""Rows of several requests answered by one call of the estimator.

An estimator that takes milliseconds for a row takes little more for a hundred. While a call runs,
the requests that come meanwhile wait together, and go together when it ends. Nothing waits for a
clock: where no call runs, a request takes along those that are there, and has its own at once.
"""

import os
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np

from predictor.core.cohorts import Cohort, answering
from predictor.core.containers import Frame
from predictor.core.engines.engine import Answers, Engine, ran
from predictor.core.errors import Busy

# So many requests wait; one more is refused.
MOST_WAITING = 64

# A request with more rows than these gains nothing, and would have others wait for it.
MOST_ROWS = 64


class Bell:
    """Wakes the thread that waits for it.

    It is rung without the interpreter's lock, and whoever wakes goes on with that at once. Whoever
    releases a `threading.Lock` holds the interpreter's, for which the woken thread has to sleep
    again: three more changes of threads for each answer.
    """

    def __init__(self) -> None:
        self._reads, self._writes = os.pipe()

    def ring(self) -> None:
        """Wake the thread, now or as soon as it waits."""
        os.write(self._writes, b"!")

    def wait(self) -> None:
        """Sleep until it is rung."""
        os.read(self._reads, 1)


# Those that nobody waits for: never more than there are threads, and never closed.
IDLE: list[Bell] = []


def idle_bell() -> Bell:
    """Return a bell that nobody waits for."""
    try:
        return IDLE.pop()
    except IndexError:
        return Bell()


class Waiting:
    """A request that waits: for its results, or for its turn to call for itself and others."""

    __slots__ = ("X", "bell", "calls", "cohort", "may_wait", "methods", "problem", "results")

    bell: Bell  # where it has to wait

    def __init__(self, methods: tuple[str, ...], X: Any) -> None:
        self.methods = methods
        self.X = X
        self.may_wait = answering.may_wait
        self.cohort: Cohort | None = None
        self.calls = False
        self.results: Answers | None = None
        self.problem: Exception | None = None


class Joining:
    """Runs an engine for one request at a time, or for several at once.

    Parameters
    ----------
    engine : Engine
        Gives each row the same whatever other rows there are.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # Told how many requests go together, at each call; how many wait, at each change.
        self.joined: Callable[[int], None] = _unheard
        self.waiting: Callable[[int], None] = _unheard
        self._changing = Lock()
        self._running = False
        self._queue: deque[Waiting] = deque()

    def name(self, n_samples: int) -> str:
        """Return what runs the first method for so many rows."""
        return self.engine.name(n_samples)

    def compiles(self, method: str, n_samples: int) -> bool:
        """Return whether so many rows are run by another form than the estimator."""
        return self.engine.compiles(method, n_samples)

    def run(self, methods: Sequence[str], X: Any) -> Answers:
        """Return what each of the methods gives for the rows.

        Raises
        ------
        InvalidInput
            The estimator refuses the rows.
        Busy
            Too many requests wait already.
        """
        n_samples = X.shape[0]
        if n_samples > MOST_ROWS:
            return self.engine.run(methods, X)
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
            if len(self._queue) >= MOST_WAITING:
                raise Busy(f"{MOST_WAITING} requests wait for this model already.")
            own.bell = idle_bell()
            self._queue.append(own)
            try:
                self.waiting(len(self._queue))
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
        seen = -1
        while len(self._queue) > seen:
            seen = len(self._queue)
            os.sched_yield()
        alike = (type(own.X), own.methods)
        with self._changing:
            joined = [one for one in self._queue if (type(one.X), one.methods) == alike]
            if joined:
                others = [one for one in self._queue if (type(one.X), one.methods) != alike]
                self.waiting(len(others))
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
                self.waiting(len(self._queue))
        finally:
            if first is not None:
                first.calls = True
                first.bell.ring()

    def _answer(self, joined: list[Waiting]) -> None:
        """Give each request its results; if the call fails for all, call for each one alone."""
        if len(joined) == 1:
            self.joined(1)
            self._answer_alone(joined[0])
            return
        try:
            self.joined(len(joined))
            results = self.engine.run(joined[0].methods, stacked([one.X for one in joined]))
            start = 0
            for one in joined:
                stop = start + one.X.shape[0]
                parts = {name: rows(values, start, stop) for name, values in results.items()}
                one.results = ran(parts, results.ran_by)
                start = stop
        except Exception:  # noqa: BLE001 - whose rows it was is found by trying each alone
            for one in joined:
                self._answer_alone(one)
        finally:
            gather(joined)
            for one in joined[1:]:
                one.bell.ring()

    def _answer_alone(self, one: Waiting) -> None:
        try:
            one.results = self.engine.run(one.methods, one.X)
        except Exception as exc:  # noqa: BLE001 - raised where it was asked for
            one.problem = exc


def gather(joined: Sequence[Waiting]) -> None:
    """Have those whose answers may wait for each other send them together."""
    waiting = [one for one in joined if one.may_wait]
    if len(waiting) > 1:
        cohort = Cohort(len(waiting))
        for one in waiting:
            one.cohort = cohort


def _unheard(_count: int) -> None:
    """Tell nobody."""


def stacked(parts: Sequence[Any]) -> Any:
    """Return rows of several requests as those of one.

    Parameters
    ----------
    parts : sequence of array, DataFrame or sparse matrix of shape (n_samples, n_features)
        All of one kind.
    """
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    if isinstance(parts[0], Frame):
        return Frame.stacked(parts)
    if hasattr(parts[0], "iloc"):
        import pandas as pd

        return pd.concat(parts, ignore_index=True)
    from scipy import sparse

    return sparse.vstack(parts, format=parts[0].format)


def rows(values: Any, start: int, stop: int) -> Any:
    """Return some of the rows of what a method gave.

    Parameters
    ----------
    values : array, DataFrame, sparse matrix, or list of arrays
        Probabilities of several outputs are a list.
    start, stop : int
    """
    if isinstance(values, list):
        return [array[start:stop] for array in values]
    return values.iloc[start:stop] if hasattr(values, "iloc") else values[start:stop]
