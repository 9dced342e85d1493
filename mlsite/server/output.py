"""Standard output and error that lose lines while their disk is full, instead of failing.

multiprocessing flushes both before it starts a process: without this, a full disk would end a
server that replaces a worker.
"""

import errno
import io
import sys
from typing import Any

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


class LossyFile(io.FileIO):
    """File that drops data for which the disk has no space."""

    def write(self, data: Any) -> int:
        """Write data, and return the number of bytes that are written or dropped."""
        try:
            return super().write(data) or 0
        except OSError as exc:
            if exc.errno not in FULL_DISK:
                raise
            return memoryview(data).nbytes


def use_lossy_output() -> None:
    """Replace `sys.stdout` and `sys.stderr`."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        buffer = io.BufferedWriter(LossyFile(descriptor, "w", closefd=False))
        old = getattr(sys, name)
        new = io.TextIOWrapper(
            buffer, encoding=old.encoding, errors=old.errors, line_buffering=True
        )
        setattr(sys, name, new)
