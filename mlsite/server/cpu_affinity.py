"""CPU affinity: each serving process keeps to one core (Linux).

With each request the interpreter lock passes from one thread to another. If the next thread sleeps
on another core, that core must be woken and its caches are cold. One core per worker gives 1.5 to
1.75 times the requests/s at 16 clients, at 0.5 to 0.6 of the p99 (`benchmarks/optimisations.py`).
CPU_AFFINITY=false switches it off.
"""

import fcntl
import math
import os
import random
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import NamedTuple

# A core is crowded if other processes use more than this share of its time.
CROWDED = 0.25

# Time between two looks at the cores. The jitter keeps two processes that left the same core at the
# same time from meeting again on the next one.
PERIOD_S = 1.0
JITTER_S = 0.5

CGROUPS = Path("/sys/fs/cgroup")


def available_cores() -> list[int]:
    """Return the cores that this process may use, as `taskset` and cpusets allow."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def usable_cores(cores: Collection[int], quota: float | None = None) -> int:
    """Return how many of the cores can be busy all the time, at least 1.

    Parameters
    ----------
    cores : collection of int
    quota : float, optional
        CPU time per time; by default that of the process's cgroups.
    """
    limit = cgroup_quota() if quota is None else quota
    return max(1, math.floor(min(len(cores), limit)))


def cgroup_quota(root: Path = CGROUPS, memberships: Path = Path("/proc/self/cgroup")) -> float:
    """Return the CPU time per time that the cgroups (v2) allow; infinity if there is no limit."""
    quotas = [math.inf]
    with suppress(OSError):
        for line in memberships.read_text().splitlines():
            if line.startswith("0::"):
                group = root / line[3:].lstrip("/")
                quotas += [_quota(part / "cpu.max") for part in (group, *group.parents)]
    return min(quotas)


def _quota(cpu_max: Path) -> float:
    with suppress(OSError):
        quota, period = cpu_max.read_text().split()
        if quota != "max":
            return int(quota) / int(period)
    return math.inf


def keep_to_core(cores: Collection[int], scratch: Path) -> None:
    """Keep this process to a core that no other process of the server has, if there is one.

    Parameters
    ----------
    cores : collection of int
    scratch : Path
        Directory of the server, in which each process locks the file of its core.
    """
    if sys.platform == "linux":
        core = Core(cores, scratch)
        if core.take(cores):
            Thread(target=core.watch, name="core", daemon=True).start()


class Core:
    """The core of this process, out of those that the server's processes may use.

    Parameters
    ----------
    cores : collection of int
    scratch : Path
    """

    def __init__(self, cores: Collection[int], scratch: Path) -> None:
        self.cores = cores
        self.scratch = scratch
        self.number: int | None = None
        self._lock = -1

    def take(self, choices: Collection[int]) -> bool:
        """Keep all threads to one of the choices that no other process has; return whether so."""
        for number in random.sample(sorted(choices), len(choices)):
            lock = os.open(self.scratch / f"core-{number}", os.O_CREAT | os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            keep_threads(number)
            if self.number is not None:
                os.close(self._lock)
            self.number, self._lock = number, lock  # held until the process moves or ends
            return True
        return False

    def watch(self) -> None:
        """Move to another core whenever other processes crowd the current core."""
        before, own_before = core_times(), time.process_time()
        while True:
            time.sleep(PERIOD_S + random.uniform(-JITTER_S, JITTER_S))  # noqa: S311 - no secret
            with suppress(OSError):  # no descriptor is free
                after, own_after = core_times(), time.process_time()
                self.take(self.better(before, after, own_after - own_before))
                before, own_before = after, own_after

    def better(
        self, before: Mapping[int, "Times"], after: Mapping[int, "Times"], own_s: float
    ) -> list[int]:
        """Return the cores to move to if the current core is crowded: those at most half as busy.

        Parameters
        ----------
        before, after : mapping of int to Times
            Return values of `core_times`.
        own_s : float
            CPU time of this process between the two.
        """
        work = {
            number: after[number].work - before[number].work
            for number in self.cores
            if number in before and number in after
        }
        if self.number not in work:
            return []
        others = work[self.number] - own_s
        if others <= CROWDED * (after[self.number].total - before[self.number].total):
            return []
        return [number for number in work if work[number] < others / 2]


def keep_threads(core: int) -> None:
    """Keep each thread of this process to the core, and so every thread that it starts."""
    pinned: set[int] = set()
    while threads := {int(path.name) for path in Path("/proc/self/task").iterdir()} - pinned:
        for thread in threads:
            with suppress(ProcessLookupError):  # the thread has ended
                os.sched_setaffinity(thread, {core})
        pinned |= threads


class Times(NamedTuple):
    """Seconds since the machine's start.

    Attributes
    ----------
    work : float
        Time at work for processes, except those with a nice value: they give way.
    total : float
    """

    work: float
    total: float


def core_times() -> dict[int, Times]:
    """Return the times of each core that is switched on."""
    return dict(_core_times(Path("/proc/stat").read_text()))


def _core_times(stat: str) -> Iterator[tuple[int, Times]]:
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    for line in stat.splitlines():
        name, *counts = line.split()
        if name.startswith("cpu") and name != "cpu":
            user, nice, system, *others = (int(count) * tick_s for count in counts[:8])
            yield int(name[3:]), Times(user + system, user + nice + system + sum(others))
