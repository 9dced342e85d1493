"""Room for the requests that may take long: beyond it they are refused, not queued in threads."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

from predictor.core.engines.engine import Answers, Engine
from predictor.core.errors import Busy

# So many requests of a process are run by estimators, wait for one, or have many rows. A server has
# more threads than that, so that what takes no time has one.
MOST = 96


class Places:
    """So many places, each for one request.

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
        """Have a place until the context ends.

        Raises
        ------
        Busy
            All of them are taken.
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


# Those of this process.
PLACES = Places(MOST)


class Alone:
    """Runs an engine for each request by itself, as far as there are places.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

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
            Too many requests are run, or wait, already.
        """
        with PLACES.taken():
            return self.engine.run(methods, X)
