"""Time calls alternately, so that other load on the machine affects all of them."""

from collections.abc import Callable, Sequence
from time import perf_counter

# Number of rounds; after `ENOUGH_S` the smaller number is enough.
ROUNDS, MIN_ROUNDS, ENOUGH_S = 9, 3, 0.005


def time_alternately(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Return the shortest duration of each call in microseconds.

    Other load on the machine only makes a call longer.
    """
    for call in calls:
        call()
    times: list[list[float]] = [[] for _ in calls]
    start = perf_counter()
    for round_number in range(ROUNDS):
        if round_number >= MIN_ROUNDS and perf_counter() - start > ENOUGH_S:
            break
        for call, own_times in zip(calls, times, strict=True):
            before = perf_counter()
            call()
            own_times.append(perf_counter() - before)
    return [min(own_times) * 1e6 for own_times in times]
