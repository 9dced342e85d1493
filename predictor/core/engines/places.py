"""Limit of the number of slow requests: more are rejected instead of occupying threads."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

from predictor.core.engines.engine import Engine, MethodResults
from predictor.core.errors import Busy

# Number of requests of a process that may call estimators, wait for a call, or have many rows. The
# server has more threads, so that fast requests always find one.
MOST = 96


class Places:
    """Counting semaphore that rejects instead of waiting.

    Parameters
    ----------
    most : int
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken = 0
        self._changing = Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take a place until the context ends.

        Raises
        ------
        Busy
            All places are taken.
        """
        with self._changing:
            if self._taken >= self.most:
                raise Busy(f"{self.most} requests are run, or wait, already.")
            self._taken += 1
        try:
            yield
        finally:
            with self._changing:
                self._taken -= 1


# Places of this process.
PLACES = Places(MOST)


class Alone:
    """Engine that runs another engine for one request at a time, within the limit of places.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def engine_name(self, n_samples: int) -> str:
        """Return the name of the engine that runs the first method for a number of rows."""
        return self.engine.engine_name(n_samples)

    def is_compiled(self, method: str, n_samples: int) -> bool:
        """Return whether a compiled estimator runs a method for a number of rows."""
        return self.engine.is_compiled(method, n_samples)

    def run(self, methods: Sequence[str], X: Any) -> MethodResults:
        """Return the result of each method for the rows.

        Raises
        ------
        InvalidInput
            The estimator rejects the rows.
        Busy
            All places are taken.
        """
        with PLACES.taken():
            return self.engine.run(methods, X)
