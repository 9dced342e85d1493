"""Directories of a server. They are removed at its end, or by the next server if it was killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - the directories in it are private

PREFIX = "mlsite-scratch-"


def memory_directory() -> Path:
    """Return a directory in memory if there is one, since disks fill up; else one on the disk."""
    return MEMORY if os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())


def disk_directory() -> Path:
    """Return a directory on the disk for large files; one in memory if the disk is full."""
    with suppress(FileNotFoundError):
        return Path(tempfile.gettempdir())
    return MEMORY


@contextmanager
def scratch_directory(parent: Path) -> Iterator[Path]:
    """Make a directory that ends with its context, and remove those of killed servers.

    The processes of a server hold a lock on its directory, which the kernel releases when all of
    them have ended.
    """
    remove_abandoned(parent)
    draft = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=parent))
    lock = os.open(draft, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # Before it has this name, no other server removes it.
    directory = draft.rename(parent / draft.name.removeprefix("."))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)


def remove_abandoned(parent: Path) -> None:
    """Remove the directories of this user's servers of which no process lives."""
    for directory in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is in use, belongs to another user, or was removed just now
            lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_uid == os.geteuid():
                    shutil.rmtree(directory)
            finally:
                os.close(lock)
