"""Requests that are sent to the site with the fast path and without it, in one process."""

import io
import json
import logging
import re
from dataclasses import dataclass, field

from django.core.handlers.wsgi import WSGIHandler

from mlsite.fast_path import SiteFastPath
from mlsite.server.request_body import RequestBody
from predictor.fast_path import FastPath
from predictor.runtime import metrics

CSRF_TOKEN = re.compile(rb"[A-Za-z0-9]{64}")
NEW_ID = re.compile(r"[0-9a-f]{32}")
COUNTERS = (metrics.requests, metrics.rows, metrics.seconds)
JSON = "application/json"


def request(path="/predict", body=b"", content_type=JSON, method="POST", query="", **variables):
    """An environ. Keywords are further variables; one that is None removes the variable."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "wsgi.input_terminated": True,
    }
    environ |= variables
    return {name: value for name, value in environ.items() if value is not None}


@dataclass
class Outcome:
    """Everything that a client, the log and the counters see of one request."""

    status: str = ""
    headers: list = field(default_factory=list)
    body: bytes = b""
    log: list = field(default_factory=list)
    counted: dict = field(default_factory=dict)


class LogLines(logging.Handler):
    """Keeps the records of the access log, without their times and new ids."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        parts = (record.method, record.path, record.status, record.levelname)
        self.lines.append((*parts, NEW_ID.sub("new", record.request_id)))
        self.last_id = record.request_id


class Sites:
    """The same site twice. `passed_on` counts the requests that the fast path gave to Django."""

    def __init__(self, max_body_bytes):
        self.django = WSGIHandler()
        self.passed_on = 0
        self.without = RequestBody(self.django, max_body_bytes)
        self.with_fast_path = SiteFastPath(self._spy)
        self.log = LogLines()

    def _spy(self, environ, start_response):
        self.passed_on += 1
        return self.without(environ, start_response)

    def outcome(self, application, environ):
        """Send one request."""
        environ = environ | {"wsgi.input": io.BytesIO(environ["wsgi.input"])}
        started = []
        self.log.lines.clear()
        clear_counters()
        response = application(environ, lambda *args: started.extend(args))
        body = b"".join(response)
        if hasattr(response, "close"):
            response.close()
        if isinstance(application, FastPath):
            application.records.flush()
        status, headers = started
        if dict(headers)["X-Request-ID"] != self.log.last_id:
            raise AssertionError("The response and the log have different ids.")
        return Outcome(
            status,
            [(name, "new" if is_new(name, value) else value) for name, value in headers],
            CSRF_TOKEN.sub(b"", body).replace(self.log.last_id.encode(), b"id"),
            list(self.log.lines),
            counters(),
        )

    def compare(self, environ):
        """Return three equal outcomes, and whether the fast path answered the last of them.

        The first one is without the fast path. With it, Django answers the first request of a kind.
        """
        outcomes = [self.outcome(self.without, environ), self.outcome(self.with_fast_path, environ)]
        before = self.passed_on
        outcomes.append(self.outcome(self.with_fast_path, environ))
        return outcomes, self.passed_on == before


def is_new(name, value):
    return name == "Set-Cookie" or (name == "X-Request-ID" and NEW_ID.fullmatch(value))


def clear_counters():
    for metric in COUNTERS:
        metric.clear()
    for series in (metrics._answered, metrics._requests):
        series.cache_clear()  # it keeps parts of those that are cleared


def counters():
    """The counters of predictions, without the times."""
    return {
        (sample.name, *sample.labels.items()): sample.value
        for metric in COUNTERS
        for family in metric.collect()
        for sample in family.samples
        if not sample.name.endswith(("_sum", "_bucket"))
    }


class Stamp:
    """Middleware that the site does not know: it numbers the responses."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.count = 0

    def __call__(self, request):
        response = self.get_response(request)
        self.count += 1
        response["X-Stamp"] = str(self.count)
        return response
