"""Queue of records that a background thread handles, many at once."""

import logging
import os
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.util import Finalize
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

Record = TypeVar("Record")

log = logging.getLogger(__name__)


class RecordQueue(Generic[Record]):
    """Queue of records that a background thread handles, many at once, about 10 ms later.

    Counting and logging a request take as much time as reading its rows, because their code
    displaces that of the request from the caches of the processor. Many in succession take a third
    of the time. The remaining records are handled when the process ends.

    Parameters
    ----------
    handle : callable
        Takes a list of records.
    """

    DELAY_S = 0.01

    def __init__(self, handle: Callable[[list[Record]], None]) -> None:
        self.handle = handle
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Begin without records or a thread; a forked process leaves those to its parent."""
        self._records: deque[Record] = deque()
        self._has_records = Event()
        self._handling, self._starting = Lock(), Lock()
        self._thread: Thread | None = None

    def put(self, record: Record) -> None:
        """Add a record."""
        self._records.append(record)
        if self._thread is None:
            self._start()
        if not self._has_records.is_set():
            self._has_records.set()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._handle_forever, name="records", daemon=True)
                self._thread.start()
                Finalize(None, self.flush, exitpriority=0)

    def flush(self) -> None:
        """Handle the records in the queue; after an error, the others are handled later."""
        with self._handling:
            records = [self._records.popleft() for _ in range(len(self._records))]
            if records:
                self.handle(records)

    def _handle_forever(self) -> None:
        while True:
            self._has_records.wait()
            time.sleep(self.DELAY_S)
            self._has_records.clear()
            try:
                self.flush()
            except Exception:  # of the site's function; it must not end the thread
                log.exception("Requests could not be counted and logged.")
