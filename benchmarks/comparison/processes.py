"""The processes that a server consists of (Linux)."""

from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """A process; its start tells it from a later one of the same id."""

    pid: int
    started: int


def family(leader: int) -> set[Process]:
    """Return a process, its session and all its descendants: some start sessions of their own."""
    found = {pid: (parent, session, start) for pid, parent, session, start in running()}
    members = {pid for pid, (_, session, _) in found.items() if leader in {pid, session}}
    for _ in found:  # at most as many generations as processes
        children = {pid for pid, (parent, _, _) in found.items() if parent in members}
        if children <= members:
            break
        members |= children
    return {Process(pid, found[pid][2]) for pid in members}


def same(process: Process) -> bool:
    """Return whether a process still runs."""
    return any(Process(pid, start) == process for pid, _, _, start in running())


def running() -> list[tuple[int, int, int, int]]:
    """Return id, parent, session and start of every process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        found.append((int(path.parent.name), int(fields[1]), int(fields[3]), int(fields[19])))
    return found
