"""How a thread waits for what another one does for it."""

import os


class Bell:
    """Wakes the thread that waits for it.

    It is rung without the interpreter's lock, and whoever wakes goes on with that at once. Whoever
    releases a `threading.Lock` holds the interpreter's, for which the woken thread has to sleep
    again: three more changes of threads for each answer.
    """

    def __init__(self) -> None:
        self._reads, self._writes = os.pipe()

    def ring(self) -> None:
        """Wake the thread, now or as soon as it waits."""
        os.write(self._writes, b"!")

    def wait(self) -> None:
        """Sleep until it is rung."""
        os.read(self._reads, 1)


# Those that nobody waits for: never more than there are threads, and never closed.
IDLE: list[Bell] = []


def idle_bell() -> Bell:
    """Return a bell that nobody waits for."""
    try:
        return IDLE.pop()
    except IndexError:
        return Bell()
