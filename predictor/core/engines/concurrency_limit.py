"""Limit of the number of slow requests: more are rejected instead of occupying threads."""

from threading import Lock

from predictor.core.errors import Busy

# Number of requests of a process that may wait for estimators, or have many rows. The server has
# more threads, so that fast requests always find one.
MAX_SLOW_REQUESTS = 144


class ConcurrencyLimit:
    """Counting semaphore that rejects instead of waiting. It is a context manager.

    Parameters
    ----------
    most : int

    Raises
    ------
    Busy
        All places are taken.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._changing = Lock()

    def __enter__(self) -> None:
        with self._changing:
            if self._taken >= self._most:
                raise Busy(f"{self._most} requests are run, or wait, already.")
            self._taken += 1

    def __exit__(self, *_exc: object) -> None:
        with self._changing:
            self._taken -= 1


# Limit of this process.
SLOW_REQUESTS = ConcurrencyLimit(MAX_SLOW_REQUESTS)
