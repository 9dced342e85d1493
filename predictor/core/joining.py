"""Rows of several requests answered by one call of the estimator.

An estimator that takes milliseconds for a row takes little more for a hundred. While a call runs,
the requests that come meanwhile wait together, and go together when it ends. Nothing waits for a
clock: where no call runs, a request has its own at once.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np

from predictor.core.errors import Busy

Results = dict[str, Any]
Call = Callable[[Any, tuple[str, ...]], Results]

# So many requests wait; one more is refused.
MOST_WAITING = 64

# A request with more rows than these gains nothing, and would have others wait for it.
MOST_ROWS = 64


class Waiting:
    """A request that waits: for its results, or for its turn to call for itself and others."""

    __slots__ = ("X", "joined", "outputs", "problem", "results", "woken")

    def __init__(self, X: Any, outputs: tuple[str, ...]) -> None:
        self.X = X
        self.outputs = outputs
        self.results: Results | None = None
        self.problem: BaseException | None = None
        self.joined: list[Waiting] = []
        self.woken = Lock()
        self.woken.acquire()


class Joining:
    """Calls a function of rows for one request at a time, or for several at once.

    Parameters
    ----------
    call : callable
        Takes rows and outputs; gives what each of the outputs is, a row each.
    joined : callable, optional
        Told how many requests went together, at each call.
    """

    def __init__(self, call: Call, joined: Callable[[int], None] | None = None) -> None:
        self._call = call
        self._told = joined or (lambda _count: None)
        self._changing = Lock()
        self._running = False
        self._queue: deque[Waiting] = deque()

    def __len__(self) -> int:
        """Return how many requests wait."""
        return len(self._queue)

    def __call__(self, X: Any, outputs: Sequence[str]) -> Results:
        """Return what the function gives for these rows.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix of shape (n_samples, n_features)
        outputs : sequence of str

        Raises
        ------
        Busy
            Too many requests wait already.
        """
        outputs = tuple(outputs)
        if X.shape[0] > MOST_ROWS:
            return self._call(X, outputs)
        waiting = self._queued(X, outputs)
        if waiting is None:
            try:
                self._told(1)
                return self._call(X, outputs)
            finally:
                self._pass_on()
        waiting.woken.acquire()
        if waiting.joined:
            try:
                self._answer(waiting.joined)
            finally:
                self._pass_on()
        if waiting.problem:
            raise waiting.problem
        assert waiting.results is not None  # noqa: S101 - it was woken with one or the other
        return waiting.results

    def _queued(self, X: Any, outputs: tuple[str, ...]) -> Waiting | None:
        """Return the place in the queue; None where nothing runs that it would wait for."""
        with self._changing:
            if not self._running:
                self._running = True
                return None
            if len(self._queue) >= MOST_WAITING:
                raise Busy(f"{MOST_WAITING} requests wait for this model already.")
            waiting = Waiting(X, outputs)
            self._queue.append(waiting)
            return waiting

    def _pass_on(self) -> None:
        """Have the first that waits call next, for itself and for all that want the same."""
        with self._changing:
            if not self._queue:
                self._running = False
                return
            first = self._queue[0]
            alike = (type(first.X), first.outputs)
            first.joined = [one for one in self._queue if (type(one.X), one.outputs) == alike]
            others = [one for one in self._queue if (type(one.X), one.outputs) != alike]
            self._queue = deque(others)
        first.woken.release()

    def _answer(self, joined: list[Waiting]) -> None:
        """Give each request its results; if the call fails for all, call for each one alone."""
        self._told(len(joined))
        try:
            results = self._call(stacked([one.X for one in joined]), joined[0].outputs)
            start = 0
            for one in joined:
                stop = start + one.X.shape[0]
                one.results = {name: rows(values, start, stop) for name, values in results.items()}
                start = stop
        except Exception:  # noqa: BLE001 - whose rows it was is found by trying each alone
            for one in joined:
                self._answer_alone(one)
        finally:
            for one in joined[1:]:
                one.woken.release()

    def _answer_alone(self, one: Waiting) -> None:
        try:
            one.results = self._call(one.X, one.outputs)
        except Exception as exc:  # noqa: BLE001 - raised where it was asked for
            one.problem = exc


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
