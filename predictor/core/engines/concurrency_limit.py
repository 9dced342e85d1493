"""Limit of the number of slow requests: more are rejected instead of occupying threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore

from predictor.core.errors import Busy

# Number of requests of a process that may wait for estimators, or have many rows. The server has
# more threads, so that fast requests always find one.
MAX_SLOW_REQUESTS = 96


class ConcurrencyLimit:
    """Counting semaphore that rejects instead of waiting.

    Parameters
    ----------
    most : int
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._semaphore = Semaphore(most)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take a place until the context ends.

        Raises
        ------
        Busy
            All places are taken.
        """
        if not self._semaphore.acquire(blocking=False):
            raise Busy(f"{self._most} requests are run, or wait, already.")
        try:
            yield
        finally:
            self._semaphore.release()


# Limit of this process.
SLOW_REQUESTS = ConcurrencyLimit(MAX_SLOW_REQUESTS)
