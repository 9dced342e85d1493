"""The processes of a server (Linux)."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """A process; the start time distinguishes it from a later one with the same id."""

    pid: int
    started: int


def family(leader: int) -> set[Process]:
    """Return a process, its session and all descendants: some start sessions of their own."""
    processes = {pid: (parent, session, start) for pid, parent, session, start in running()}
    members = {pid for pid, (_, session, _) in processes.items() if leader in {pid, session}}
    for _ in processes:  # there are at most as many generations as processes
        children = {pid for pid, (parent, _, _) in processes.items() if parent in members}
        if children <= members:
            break
        members |= children
    return {Process(pid, processes[pid][2]) for pid in members}


def is_running(process: Process) -> bool:
    return any(Process(pid, start) == process for pid, _, _, start in running())


def running() -> list[tuple[int, int, int, int]]:
    """Return id, parent, session and start time of every process."""
    processes = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        processes.append((int(path.parent.name), int(fields[1]), int(fields[3]), int(fields[19])))
    return processes


def cpu_s(processes: set[Process]) -> float:
    """Return the CPU time of processes since their start."""
    ticks = 0
    for process in processes:
        with suppress(OSError):  # it has ended
            stat = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(stat[11]) + int(stat[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(processes: set[Process]) -> float:
    """Return the proportional set size: shared pages are divided among their users."""
    rollups = []
    for process in processes:
        with suppress(OSError):  # it has ended
            rollups.append(Path(f"/proc/{process.pid}/smaps_rollup").read_text())
    sizes_kb = [re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE) for rollup in rollups]
    return sum(int(size[1]) for size in sizes_kb if size) / 1024
