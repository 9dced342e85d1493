"""Django's SQLite backend, with a queue for the transactions of a process.

SQLite gives its lock to the connection that asks at the right moment. With many connections, some
get it again and again, while others wait until their timeout. Here the transactions of a process
take turns, so that only one connection of each process asks SQLite for the lock.
"""

import sqlite3
import time
from collections import defaultdict, deque
from threading import Lock
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base
from django.utils.functional import cached_property


class Turns:
    """Lock that is given to threads in the order in which they asked for it."""

    def __init__(self) -> None:
        self._changing = Lock()
        self._is_taken = False
        self._waiting: deque[Lock] = deque()

    def take(self, timeout_s: float) -> bool:
        """Wait for the turn; return whether it came in time."""
        with self._changing:
            if not self._is_taken:
                self._is_taken = True
                return True
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout_s):
            return True
        with self._changing:
            if turn not in self._waiting:  # it came just now
                return True
            self._waiting.remove(turn)
            return False

    def end(self) -> None:
        """Give the turn to the next thread."""
        with self._changing:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


# SQLite's own message after the timeout.
LOCKED = "database is locked"

# Turns of this process by database.
TURNS: defaultdict[str, Turns] = defaultdict(Turns)


class Cursor(base.SQLiteCursorWrapper):
    """Cursor that rejects an integer beyond 64 bits with the class of error of other databases."""

    def execute(self, query: str, params: Any = None) -> Any:
        """Run a query."""
        try:
            return super().execute(query, params)
        except OverflowError as exc:
            raise sqlite3.DataError(str(exc)) from exc


class DatabaseWrapper(base.DatabaseWrapper):
    """Connection whose transactions take turns with the others of this process."""

    _has_turn = False

    @cached_property
    def timeout_s(self) -> float:
        """Time for which a transaction waits for its turn and for SQLite's lock together."""
        return float(self.settings_dict["OPTIONS"].get("timeout", 5))

    def create_cursor(self, name: str | None = None) -> Cursor:  # noqa: ARG002 - Django's signature
        """Return a cursor."""
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        return cursor

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:  # noqa: FBT001 - Django's signature
        """Begin a transaction when the turn has come, or end the turn."""
        if autocommit:
            super().set_autocommit(autocommit, *args, **kwargs)
            self._end_turn()
            return
        started = time.monotonic()
        if not self._has_turn and not self._turns.take(self.timeout_s):
            raise OperationalError(LOCKED)
        self._has_turn = True
        try:
            self.ensure_connection()
            self.limit_wait(self.timeout_s - (time.monotonic() - started))
            try:
                super().set_autocommit(autocommit, *args, **kwargs)
            finally:
                self.limit_wait(self.timeout_s)
        except BaseException:
            self._end_turn()
            raise

    def limit_wait(self, timeout_s: float) -> None:
        """Set the time for which SQLite waits for its lock."""
        with self.wrap_database_errors:
            self.connection.execute(f"PRAGMA busy_timeout = {max(0, round(timeout_s * 1000))}")

    def close(self) -> None:
        """Close the connection, and end the turn."""
        try:
            super().close()
        finally:
            self._end_turn()

    @property
    def _turns(self) -> Turns:
        return TURNS[str(self.settings_dict["NAME"])]

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turns.end()
