"""Limit of the number of slow requests: more are rejected instead of occupying threads."""

from threading import Semaphore

from predictor.core.errors import Busy

# Number of requests of a process that may wait for estimators, or have many rows. The server has
# more threads, so that fast requests always find one.
MAX_SLOW_REQUESTS = 144


class ConcurrencyLimit:
    """Counting semaphore that rejects instead of waiting. It is a context manager.

    Parameters
    ----------
    max_requests : int

    Raises
    ------
    Busy
        All places are taken.
    """

    def __init__(self, max_requests: int) -> None:
        self._max_requests = max_requests
        self._places = Semaphore(max_requests)

    def __enter__(self) -> None:
        if not self._places.acquire(blocking=False):
            raise Busy(
                f"{self._max_requests} slow requests run or wait already. Try again in a moment."
            )

    def __exit__(self, *_exc: object) -> None:
        self._places.release()


# Limit of this process.
SLOW_REQUESTS = ConcurrencyLimit(MAX_SLOW_REQUESTS)
