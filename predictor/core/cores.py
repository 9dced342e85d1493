"""The core of the machine that a serving process keeps to (Linux).

The interpreter's lock goes from thread to thread with each request. Where the next one sleeps on
another core, that has to be woken, and finds nothing in its caches.
"""

import fcntl
import os
import random
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Lock, Thread
from typing import NamedTuple, TypeVar

# A core is crowded where others take more than this share of its time.
CROWDED = 0.25

# How often a process looks around, and how much sooner or later: two that left the same core at
# the same time would meet again on the next.
PERIOD_S = 1.0
JITTER_S = 0.5

# A call that takes more of a processor is worth a moment's sleep, after which it is on a core that
# is free.
LONG_S = 0.002
MOMENT_S = 1e-6

T = TypeVar("T")


class Times(NamedTuple):
    """Seconds since the machine's start: of one core, at work for processes, and in all."""

    work: float
    total: float


class Core:
    """One core out of those that the processes of a server may use.

    Parameters
    ----------
    allowed : collection of int
    scratch : Path
        A directory of the server's own, where each process says which core it has.
    """

    def __init__(self, allowed: Collection[int], scratch: Path) -> None:
        self.allowed = allowed
        self.scratch = scratch
        self.number: int | None = None
        self._place = -1
        self._moving = Lock()

    @contextmanager
    def left(self) -> Iterator[None]:
        """Let this thread go to whatever core is free, until the context ends."""
        os.sched_setaffinity(0, self.allowed)
        time.sleep(MOMENT_S)  # it goes there when it wakes
        try:
            yield
        finally:
            with self._moving:
                assert self.number is not None  # noqa: S101 - it has been taken
                os.sched_setaffinity(0, {self.number})

    def take(self, choices: Collection[int]) -> bool:
        """Keep all threads to one of the cores that no other process of the server has, if any."""
        for number in random.sample(sorted(choices), len(choices)):
            place = os.open(self.scratch / f"core-{number}", os.O_CREAT | os.O_RDWR)
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(place)
                continue
            with self._moving:
                keep_threads(number)
                if self.number is not None:
                    os.close(self._place)
                self.number, self._place = number, place  # held until it moves, or ends
            return True
        return False

    def watch(self) -> None:
        """Move to another core whenever others crowd this one, until the process ends."""
        before, own = times(), time.process_time()
        while True:
            time.sleep(PERIOD_S + random.uniform(-JITTER_S, JITTER_S))  # noqa: S311
            after, own_after = times(), time.process_time()
            self.take(self.better(before, after, own_after - own))
            before, own = after, own_after

    def better(self, before: dict[int, Times], after: dict[int, Times], own_s: float) -> list[int]:
        """Return the cores to move to: those with not half of what others do on this one.

        Parameters
        ----------
        before, after : dict
            What `times` gave.
        own_s : float
            What this process itself took of its core between the two.
        """
        work = {
            number: after[number].work - before[number].work
            for number in self.allowed
            if number in before and number in after
        }
        if self.number not in work:
            return []
        others = work[self.number] - own_s
        if others <= CROWDED * (after[self.number].total - before[self.number].total):
            return []
        return [number for number in work if work[number] < others / 2]


# The core of this process, where it keeps to one.
_kept: Core | None = None


class Calls:
    """Calls of one kind: those that take long leave the core to requests, if another is free."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}

    def run(self, size: int, call: Callable[[], T]) -> T:
        """Return what a call returns; of each size, the last one tells whether it takes long."""
        if _kept is None:
            return call()
        size = size.bit_length()
        start = time.thread_time()
        try:
            with on_any_core() if self._seconds.get(size, 0) > LONG_S else nullcontext():
                return call()
        finally:
            self._seconds[size] = time.thread_time() - start


def on_any_core() -> AbstractContextManager[None]:
    """Let this thread, and what it starts, go to whatever core is free."""
    return _kept.left() if _kept else nullcontext()


def keep_to_core(scratch: Path) -> None:
    """Keep this process to one core, which no other process of the server has."""
    global _kept  # noqa: PLW0603 - as there is one process
    if sys.platform == "linux":
        core = Core(cores(), scratch)
        if core.take(core.allowed):
            _kept = core
            Thread(target=core.watch, name="core", daemon=True).start()


def cores() -> list[int]:
    """Return the cores that this process may use."""
    linux = hasattr(os, "sched_getaffinity")
    return sorted(os.sched_getaffinity(0)) if linux else list(range(os.cpu_count() or 1))


def keep_threads(core: int) -> None:
    """Keep each thread of this process to the core, and so those that they start."""
    kept: set[int] = set()
    while found := {int(one.name) for one in Path("/proc/self/task").iterdir()} - kept:
        for thread in found:
            with suppress(ProcessLookupError):  # it has ended
                os.sched_setaffinity(thread, {core})
        kept |= found


def times() -> dict[int, Times]:
    """Return what each core has done; nothing for one that is off."""
    tick = 1 / os.sysconf("SC_CLK_TCK")
    found = {}
    for line in Path("/proc/stat").read_text().splitlines():
        name, *counts = line.split()
        if name.startswith("cpu") and name != "cpu":
            user, nice, system, *others = (int(count) * tick for count in counts[:8])
            # What is nice makes room by itself.
            found[int(name[3:])] = Times(user + system, user + nice + system + sum(others))
    return found
