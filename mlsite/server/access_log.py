"""How log records are written: as lines for people or as JSON, each with its request's id.

What a client sent may stand in a record, but cannot start a line or steer a terminal.
"""

import json
import logging
import os
import time
from collections import deque
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from multiprocessing.util import Finalize
from threading import Event, Lock, Thread
from typing import Any, TextIO

from django.utils.encoding import escape_uri_path

# The id of the request that is being answered, "-" where there is none.
request_id: ContextVar[str] = ContextVar("request_id", default="-")

escaped_path = lru_cache(maxsize=256)(escape_uri_path)


class RequestIdFilter(logging.Filter):
    """Give each record the id of its request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with its id."""
        record.request_id = request_id.get()
        return True


class OtherHostsFilter(logging.Filter):
    """Let Django tell of a host that is not the site's: each once, in one line, and not many.

    The first are those of an operator who tries the site out; anybody can make up others.
    """

    MOST_TOLD = 100
    LENGTH = 300  # of a line

    def __init__(self) -> None:
        super().__init__()
        self.told: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to tell it, as a warning without its traceback."""
        sentence = record.getMessage()[: self.LENGTH]
        if sentence in self.told or len(self.told) >= self.MOST_TOLD:
            return False
        self.told.add(sentence)
        record.msg, record.args, record.exc_info = sentence, (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def escaped(text: str) -> str:
    """Return the text with all that does not print, line breaks among it, as escapes."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text
    )


class RequestRecord(logging.LogRecord):
    """The line of a request, made without asking which line of code wrote it, in which thread."""

    parts: dict[str, Any]

    SAME = vars(
        logging.LogRecord("mlsite.requests", logging.INFO, "", 0, "", (), None)
    ) | dict.fromkeys(("thread", "threadName", "process", "processName", "taskName"))

    def __init__(self, method: str, path: str, status: int, ms: float) -> None:
        created = time.time()
        parts = {"method": method, "path": path, "status": status, "ms": round(ms, 1)}
        own = {"created": created, "msecs": created % 1 * 1000, "parts": parts}
        self.__dict__ = self.SAME | own

    def getMessage(self) -> str:  # noqa: N802 - logging's name
        """Return the line."""
        method, path, status, ms = self.parts.values()
        return f"{method} {escaped_path(path)} {status} {ms} ms"


class LineFormatter(logging.Formatter):
    """One line for each record; a traceback follows it, indented."""

    _second = (0, "")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        """Return the time, its seconds formatted once for all records of a second."""
        second, text = self._second
        if second != int(record.created):
            text = time.strftime(
                datefmt or self.default_time_format, self.converter(record.created)
            )
            self._second = (int(record.created), text)
        return f"{text},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line."""
        record.message = escaped(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: "logging._SysExcInfoType") -> str:  # noqa: N802 - logging's name
        """Return the traceback, which never looks like the line of another record."""
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        """Return the stack in the same way."""
        return _indented(super().formatStack(stack_info))


class TogetherHandler(logging.StreamHandler[TextIO]):
    """Writes the lines of many requests at once, a moment later.

    Each write gives the interpreter to another thread: one for each line would stop every request
    half-way. What is left when the process ends is written then.
    """

    WAIT_S = 0.05

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._records: deque[logging.LogRecord] = deque()
        self._writing = Lock()
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Begin without a thread: it would not come along to a forked process."""
        self._some = Event()
        self._writer: Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record; the caller holds the handler's lock."""
        self._records.append(record)
        if self._writer is None:
            self._writer = Thread(target=self._write_on, name="request-lines", daemon=True)
            self._writer.start()
            Finalize(None, self.flush, exitpriority=0)
        if not self._some.is_set():
            self._some.set()

    def flush(self) -> None:
        """Write what is kept."""
        with self._writing:
            lines = [self._line(self._records.popleft()) for _ in range(len(self._records))]
            with suppress(ValueError):  # closed: nobody reads it any more
                self.stream.write("".join(lines))
                self.stream.flush()

    def _line(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record) + "\n"
        except Exception:  # noqa: BLE001 - logging's own way with a record that cannot be formatted
            self.handleError(record)
            return ""

    def _write_on(self) -> None:
        while True:
            self._some.wait()
            time.sleep(self.WAIT_S)
            self._some.clear()
            self.flush()


def _indented(text: str) -> str:
    return "\n".join("    " + escaped(line) for line in text.split("\n"))


class JSONFormatter(logging.Formatter):
    """One JSON object for each record; that of a request has its parts as keys."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
        }
        fields |= getattr(record, "parts", {})
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = record.stack_info
        return json.dumps(fields)  # ASCII: each control character and surrogate is an escape
