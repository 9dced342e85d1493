"""Access log and log formats: one record per request, and every record with its request's id.

A record may contain text that a client sent. The formatters escape it, so that it cannot start a
new line or control a terminal.
"""

import logging
import os
import re
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from multiprocessing.util import Finalize
from random import getrandbits
from threading import Event, Lock, Thread
from typing import Any, TextIO

from django.utils.encoding import escape_uri_path
from pythonjsonlogger.json import JsonFormatter

PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = logging.getLogger("mlsite.requests")

escaped_path = lru_cache(maxsize=256)(escape_uri_path)

# Id of the request that the current thread answers; "-" if there is none.
current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")


def request_id_from(environ: Mapping[str, Any]) -> str:
    """Return X-Request-ID if it is a plain id, else a new id."""
    sent_id = environ.get("HTTP_X_REQUEST_ID")
    if sent_id is not None and PLAIN_ID.fullmatch(sent_id):
        return str(sent_id)
    return f"{getrandbits(128):032x}"  # the id is not a secret


def log_request(method: str, path: str, status: int, ms: float, request_id: str) -> None:
    """Write the access log's line for one request.

    Parameters
    ----------
    method : str
    path : str
        Path without the query, which may contain secrets.
    status : int
    ms : float
        Time from the first to the last line of Python that handled the request.
    request_id : str
    """
    if not log.isEnabledFor(logging.INFO):
        return
    ms = round(ms, 1)
    parts = {"method": method, "path": path, "status": status, "ms": ms, "request_id": request_id}
    message, args = "%s %s %s %s ms", (method, escaped_path(path), status, ms)
    # `log.info` would also look for the line of code that calls it, which takes 3 of 11 us.
    record = log.makeRecord(log.name, logging.INFO, __file__, 0, message, args, None, extra=parts)
    log.handle(record)


class RequestIdFilter(logging.Filter):
    """Adds the id of the current request to records that have none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Accept every record."""
        if not hasattr(record, "request_id"):
            record.request_id = current_request_id.get()
        return True


class OtherHostsFilter(logging.Filter):
    """Limits Django's reports of requests for other hosts.

    Each host is reported once, as a warning without a traceback. The first reports help an operator
    who tries out the site; after that, clients could fill the log with invented hosts.
    """

    MAX_REPORTS = 100
    MAX_LENGTH = 300  # of a message

    def __init__(self) -> None:
        super().__init__()
        self.reported: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write the record."""
        message = record.getMessage()[: self.MAX_LENGTH]
        if message in self.reported or len(self.reported) >= self.MAX_REPORTS:
            return False
        self.reported.add(message)
        record.msg, record.args, record.exc_info = message, (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def escaped(text: str) -> str:
    """Return the text with every character that is not printable replaced by its escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def _indented(text: str) -> str:
    return "\n".join("    " + escaped(line) for line in text.split("\n"))


class LineFormatter(logging.Formatter):
    """One line per record, followed by the indented traceback if there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the record's line."""
        record.message = escaped(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: "logging._SysExcInfoType") -> str:  # noqa: N802 - logging's name
        """Return the traceback, indented so that no line of it looks like a record."""
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        """Return the stack, indented in the same way."""
        return _indented(super().formatStack(stack_info))


class RequestFormatter(LineFormatter):
    """The line of a request. Formatting takes a third of the time that a pattern takes."""

    def __init__(self) -> None:
        super().__init__()
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        second, text = self._second
        if second != int(record.created):
            second, text = int(record.created), self.formatTime(record, self.default_time_format)
            self._second = second, text
        message, request_id = escaped(record.getMessage()), vars(record)["request_id"]
        return f"{text},{record.msecs:03.0f} {message} {request_id}"


class JSONFormatter(JsonFormatter):
    """One JSON object per record; the parts of an access log record are keys of it.

    The output is ASCII, so that control characters and surrogates are escaped.
    """

    def __init__(self) -> None:
        super().__init__(
            ["asctime", "levelname", "name", "message", "request_id"],
            rename_fields={
                "asctime": "time",
                "levelname": "level",
                "name": "logger",
                "exc_info": "exception",
                "stack_info": "stack",
            },
        )

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's signature
        """Return the time in UTC, in ISO 8601."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class BatchingHandler(logging.StreamHandler[TextIO]):
    """Writes the lines of many records at once, at most 50 ms later.

    Every write passes the interpreter lock to another thread, so that a write per line would stop
    each request half-way. The remaining lines are written when the process ends.
    """

    DELAY_S = 0.05

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._lines: deque[str] = deque()
        self._writing = Lock()
        self._forget_thread()
        os.register_at_fork(after_in_child=self._forget_thread)

    def _forget_thread(self) -> None:
        """Start without a thread; a forked process does not have its parent's."""
        self._has_lines = Event()
        self._writer: Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record's line; the caller holds the handler's lock."""
        try:
            self._lines.append(self.format(record) + self.terminator)
        except Exception:  # noqa: BLE001 - logging's own way with a record that cannot be formatted
            self.handleError(record)
            return
        if self._writer is None:
            self._writer = Thread(target=self._write_forever, name="access-log", daemon=True)
            self._writer.start()
            Finalize(None, self.flush, exitpriority=0)
        if not self._has_lines.is_set():
            self._has_lines.set()

    def flush(self) -> None:
        """Write the queued lines."""
        with self._writing:
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            with suppress(ValueError, OSError):  # the stream is closed, or its disk is full
                self.stream.write("".join(lines))
                self.stream.flush()

    def _write_forever(self) -> None:
        while True:
            self._has_lines.wait()
            time.sleep(self.DELAY_S)
            self._has_lines.clear()
            self.flush()
