"""Requests that one call answered, and whose answers are handed to the server together.

A server's own thread sends what the threads of requests hand to it. Where they share a core it is
woken by each answer, and takes the core before the next one is there.
"""

from collections.abc import Callable
from threading import Lock, local


class Cohort:
    """Requests of which each still writes its answer; the last to have done so sends all of them.

    Parameters
    ----------
    size : int
    """

    def __init__(self, size: int) -> None:
        self._writing = size
        self._written: list[Callable[[], None]] = []
        self._changing = Lock()

    def done(self, send: Callable[[], None] | None) -> None:
        """Leave what sends an answer; nothing where it has been sent, or there is none."""
        with self._changing:
            if send:
                self._written.append(send)
            self._writing -= 1
            if self._writing:
                return
        for one in self._written:
            one()


class Answering(local):
    """The request that this thread answers.

    Attributes
    ----------
    together : bool
        Whether the server sends answers together.
    may_wait : bool
        Whether this answer may wait for others: all that is left is to write it.
    """

    together = False
    may_wait = False
    _cohort: Cohort | None = None

    def join(self, cohort: Cohort | None) -> None:
        """Belong to a cohort from now on, if there is one."""
        if cohort:
            self._cohort, self.may_wait = cohort, False

    def leave(self) -> None:
        """Keep no cohort waiting."""
        if self._cohort:
            self.send(None)

    def send(self, send: Callable[[], None] | None) -> None:
        """Send the answer: now, or with those of the cohort."""
        cohort, self._cohort = self._cohort, None
        if cohort:
            cohort.done(send)
        elif send:
            send()


answering = Answering()
