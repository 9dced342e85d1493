"""Access log and log formats: one record per request, and every record with its request's id.

A record may contain text that a client sent. The formatters escape it, so that it cannot start a
new line or control a terminal.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from random import getrandbits
from typing import Any, NamedTuple, TextIO

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


class LoggedRequest(NamedTuple):
    """A request as the access log shows it.

    Parameters
    ----------
    method : str
    path : str
        Path without the query, which may contain secrets.
    status : int
    seconds : float
        Time from the first to the last line of Python that handled the request.
    request_id : str
    ended_at : float
        Time in seconds since the epoch.
    """

    method: str
    path: str
    status: int
    seconds: float
    request_id: str
    ended_at: float


def log_requests(requests: Iterable[LoggedRequest]) -> None:
    """Write the access log's lines for requests."""
    if not log.isEnabledFor(logging.INFO):
        return
    for method, path, status, seconds, request_id, ended_at in requests:
        ms = round(seconds * 1000, 1)
        parts = {
            "method": method,
            "path": path,
            "status": status,
            "ms": ms,
            "request_id": request_id,
        }
        message, args = "%s %s %s %s ms", (method, escaped_path(path), status, ms)
        # `log.info` would also look for the line of code that calls it, and the time is that of
        # the response.
        record = log.makeRecord(
            log.name, logging.INFO, __file__, 0, message, args, None, extra=parts
        )
        record.created, record.msecs = ended_at, ended_at % 1 * 1000
        log.handle(record)
    for handler in log.handlers:
        handler.flush()


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


class BufferedHandler(logging.StreamHandler[TextIO]):
    """Keeps lines until `flush`, which writes them at once.

    Every write passes the interpreter lock to another thread.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record's line; the caller holds the handler's lock."""
        try:
            self._lines.append(self.format(record) + self.terminator)
        except Exception:  # noqa: BLE001 - logging's own way with a record that cannot be formatted
            self.handleError(record)

    def flush(self) -> None:
        """Write the lines."""
        self.acquire()
        try:
            lines, self._lines = self._lines, []
            with suppress(ValueError, OSError):  # the stream is closed, or its disk is full
                self.stream.write("".join(lines))
                self.stream.flush()
        finally:
            self.release()
