"""Directory that the processes of a server share while they run."""

import os
from tempfile import TemporaryDirectory

MEMORY = "/dev/shm"  # noqa: S108 - the directory in it is private


def scratch_directory(prefix: str) -> "TemporaryDirectory[str]":
    """Make a directory that ends with its context; in memory if possible, since disks fill up."""
    return TemporaryDirectory(prefix=prefix, dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
