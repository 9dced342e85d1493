"""The database while the site serves: bounded waits, and responses while it is unavailable."""

import logging
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from mlsite.error_pages import error_response
from mlsite.server.output import FULL_DISK
from mlsite.sqlite.base import LOCKED, DatabaseWrapper

LOST = "The file of the database was removed or replaced. Restart the server."

DISK_IS_FULL = "The disk of the server is full. Nothing was saved."

# Time after which a client may try again.
RETRY_AFTER_S = 1


def why_unavailable(exc: BaseException | None) -> str | None:
    """Return a sentence if the exception means that the database or the disk cannot be used."""
    if isinstance(exc, OSError) and exc.errno in FULL_DISK:
        return DISK_IS_FULL
    if not isinstance(exc, OperationalError | InterfaceError):
        return None
    code = getattr(exc.__cause__, "sqlite_errorname", "")
    if code == "SQLITE_ERROR":  # an error in a query, such as a missing table
        return None
    if code == "SQLITE_FULL":
        return DISK_IS_FULL
    if str(exc) == LOCKED:
        return "The database is busy. Try again in a few seconds."
    return LOST if str(exc) == LOST else "The database cannot be used. Try again in a few seconds."


def unavailable(request: HttpRequest, sentence: str) -> HttpResponse:
    """Return a 503 that asks the client to try again."""
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return error_response(request, HTTPStatus.SERVICE_UNAVAILABLE, sentence, headers)


class UnavailableFilter(logging.Filter):
    """Limits Django's reports of an unavailable database to a line without traceback, now and then.

    Every request writes its own line with the status 503 to the access log.
    """

    QUIET_S = 10

    def __init__(self) -> None:
        super().__init__()
        self._quiet_until = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write the record."""
        exc = record.exc_info[1] if record.exc_info else None
        sentence = why_unavailable(exc)
        if sentence is None:
            # Responses without an exception say themselves why they are a 503.
            return getattr(record, "status_code", None) != HTTPStatus.SERVICE_UNAVAILABLE
        if time.monotonic() < self._quiet_until:
            return False
        self._quiet_until = time.monotonic() + self.QUIET_S
        record.msg, record.args, record.exc_info = f"{sentence} ({exc})", (), None
        record.status_code = None  # the line is about the database, and not about one response
        return True


class DatabaseFile:
    """File of the SQLite database, which must stay the same while the site serves.

    SQLite would go on to write to a removed file, and lose the content when the process ends.
    """

    def __init__(self) -> None:
        self._at_start: tuple[int, int] | None = None

    def watch(self) -> None:
        """Remember the file. Before, and with another database, it is never lost."""
        self._at_start = self._identity()

    def is_lost(self) -> bool:
        """Return whether the file has been removed or replaced."""
        return self._at_start is not None and self._identity() != self._at_start

    @staticmethod
    def _identity() -> tuple[int, int] | None:
        if not settings.SQLITE:
            return None
        try:
            status = Path(settings.DATABASES["default"]["NAME"]).stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino


database_file = DatabaseFile()


def limit_waits() -> None:
    """Bound the waits of this process's queries by DATABASE_TIMEOUT, and watch the file."""
    database_file.watch()
    if not settings.SQLITE:
        from mlsite.postgresql import BoundedConnection  # noqa: PLC0415 - psycopg takes 50 ms

        # The server itself ends its statements before.
        BoundedConnection.timeout_s = settings.DATABASE_TIMEOUT * 1.25
    connection_created.connect(_set_timeouts, dispatch_uid="mlsite.database")


def _set_timeouts(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    if database_file.is_lost():  # SQLite has just made an empty file
        connection.close()
        raise OperationalError(LOST)
    if isinstance(connection, DatabaseWrapper):
        connection.timeout_s = settings.DATABASE_TIMEOUT
        connection.limit_wait(connection.timeout_s)
    else:
        ms = round(settings.DATABASE_TIMEOUT * 1000)
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {ms}; SET statement_timeout = {ms}")
