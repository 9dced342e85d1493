"""Wake-up pipes: a thread sleeps until another thread has its result."""

import os


class Bell:
    """Pipe between two threads, to wake the reader.

    The write releases the interpreter's lock, so that the woken thread takes the lock at once. A
    `threading.Lock` is released with the interpreter's lock held: the woken thread sleeps again,
    which costs three more switches of threads for each response.
    """

    def __init__(self) -> None:
        self._reads, self._writes = os.pipe()

    def ring(self) -> None:
        """Wake the waiting thread, or the next one that waits."""
        os.write(self._writes, b"!")

    def wait(self) -> None:
        """Sleep until `ring` is called."""
        os.read(self._reads, 1)


# Unused bells, at most one for each thread. They are never closed.
IDLE: list[Bell] = []


def idle_bell() -> Bell:
    """Return an unused bell."""
    try:
        return IDLE.pop()
    except IndexError:
        return Bell()
