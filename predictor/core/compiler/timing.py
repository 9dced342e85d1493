"""How long engines take: in turn, so that whatever else the machine does falls on all of them."""

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

# How often each is timed, and after how long fewer times are enough.
ROUNDS, FEWEST, ENOUGH_S = 9, 3, 0.005


def in_turn(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Return the median microseconds of each call."""
    for call in calls:
        call()
    times: list[list[float]] = [[] for _ in calls]
    start = perf_counter()
    for done in range(ROUNDS):
        if done >= FEWEST and perf_counter() - start > ENOUGH_S:
            break
        for call, own in zip(calls, times, strict=True):
            before = perf_counter()
            call()
            own.append(perf_counter() - before)
    return [median(own) * 1e6 for own in times]
