"""Logs: each record with its request's id, and nothing in it that forges or steers."""

import io
import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client

from mlsite.server.access_log import (
    BufferedHandler,
    JSONFormatter,
    LineFormatter,
    OtherHostsFilter,
    RequestIdFilter,
    current_request_id,
)

FORGED = "a\r\n2026-01-01 INFO forged \x1b[2J\x9b\u2028\u202e\udc80\xe9"
ESCAPED = r"a\r\n2026-01-01 INFO forged \x1b[2J\x9b\u2028\u202e\udc80é"


def fail():
    raise ValueError(FORGED)


def record(message, *args, exc_info=None):
    made = logging.LogRecord("tests", logging.ERROR, "", 0, message, args, exc_info)
    RequestIdFilter().filter(made)
    return made


@pytest.fixture
def line():
    return LineFormatter("{levelname} {message} {request_id}", style="{")


def test_a_line_holds_nothing_that_breaks_or_steers(line):
    assert line.format(record("%s", FORGED)) == f"ERROR {ESCAPED} -"


def test_no_line_of_a_traceback_looks_like_a_record(line):
    try:
        fail()
    except ValueError:
        written = line.format(record("it failed", exc_info=sys.exc_info()))
    first, *others = written.split("\n")
    assert first == "ERROR it failed -"
    assert [one for one in others if not one.startswith("    ")] == []
    assert others[-1].strip() == r"2026-01-01 INFO forged \x1b[2J\x9b\u2028\u202e\udc80é"


def test_a_json_record_is_one_line_of_ascii_and_true_to_what_came():
    try:
        fail()
    except ValueError:
        written = JSONFormatter().format(record("%s", FORGED, exc_info=sys.exc_info()))
    assert written.isascii()
    assert written.isprintable()
    read = json.loads(written)
    assert read["message"] == FORGED
    assert read["exception"].endswith(FORGED)
    assert {name: read[name] for name in ("level", "logger", "request_id")} == {
        "level": "ERROR",
        "logger": "tests",
        "request_id": "-",
    }


@pytest.fixture
def told(caplog):
    """The records of requests and of Django, with the ids that the handlers' filter gives."""
    caplog.handler.addFilter(RequestIdFilter())
    for name in ("mlsite.requests", "django"):
        logging.getLogger(name).addHandler(caplog.handler)
    yield caplog
    for name in ("mlsite.requests", "django"):
        logging.getLogger(name).removeHandler(caplog.handler)


NAME = {"x-request-id": "trace-7"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/1", {}, 200),
        ("GET", "/static/admin/css/base.css", {}, 200),
        ("GET", "/nope", {}, 404),
        ("PUT", "/1", {}, 405),
        ("POST", "/predict", {"content-length": str(10**9)}, 413),
        ("GET", "/1", {"host": "evil.example"}, 400),
        ("POST", "/1", {"sec-fetch-site": "cross-site"}, 403),
        ("GET", "/admin", {}, 301),
        ("GET", "/1", {"authorization": "Bearer no"}, 401),
    ],
)
def test_every_answer_and_every_record_has_the_id(db, told, method, path, headers, status):
    response = Client().generic(method, path, headers=NAME | headers)
    response.close()  # a static file is open until then
    assert (response.status_code, response["X-Request-ID"]) == (status, "trace-7")
    assert {one.request_id for one in told.records} == {"trace-7"}
    last = told.records[-1]
    assert (last.method, last.path, last.status) == (method, path, status)
    assert last.getMessage() == f"{method} {path} {status} {last.ms} ms"
    assert current_request_id.get() == "-"


def test_another_host_is_told_once_in_one_line(db, told):
    for host in ("once.example", "once.example:8000", "once.example"):
        assert Client().get("/1", headers=NAME | {"host": host}).status_code == 400
    lines = [
        LineFormatter("{levelname} {message} {request_id}", style="{").format(one)
        for one in told.records
        if one.name == "django.security.DisallowedHost"
    ]
    said = "You may need to add 'once.example' to ALLOWED_HOSTS. trace-7"
    assert lines == [
        f"WARNING Invalid HTTP_HOST header: 'once.example'. {said}",
        f"WARNING Invalid HTTP_HOST header: 'once.example:8000'. {said}",
    ]


def test_hosts_that_anybody_makes_up_do_not_fill_the_log():
    hosts = OtherHostsFilter()
    records = [record("no host: %s", f"{n}." + "x" * 10_000) for n in range(1000)]
    let_through = [one.getMessage() for one in records if hosts.filter(one)]
    assert len(let_through) == hosts.MAX_REPORTS
    assert sum(map(len, let_through)) <= hosts.MAX_REPORTS * hosts.MAX_LENGTH


def test_a_failure_is_told_under_the_id_too(iris, told, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("out of order")

    monkeypatch.setattr("predictor.core.model.Model.infer", fail)
    client = Client(raise_request_exception=False)
    body = {"X1": 1234.5, "X2": 1}
    response = client.post("/predict?outputs=predict_proba", body, "application/json", headers=NAME)
    assert (response.status_code, response["X-Request-ID"]) == (500, "trace-7")
    lines = [LineFormatter().format(one) for one in told.records]
    assert "RuntimeError: out of order" in "".join(lines)
    assert {one.request_id for one in told.records} == {"trace-7"}
    assert "1234.5" not in "".join(lines)
    assert "predict_proba" not in "".join(lines)


def test_lines_are_written_at_the_flush():
    stream = io.StringIO()
    handler = BufferedHandler(stream)
    handler.emit(record("line 1"))
    handler.emit(record("line 2"))
    assert stream.getvalue() == ""
    handler.flush()
    assert stream.getvalue() == "line 1\nline 2\n"


def test_threads_that_flush_at_once_lose_no_line():
    stream = io.StringIO()
    handler = BufferedHandler(stream)

    def write(thread):
        for number in range(1500):
            handler.handle(record("line %d of %d", number, thread))
            handler.flush()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(write, range(16)))
    finally:
        sys.setswitchinterval(interval)
    lines = [f"line {number} of {thread}" for number in range(1500) for thread in range(16)]
    assert sorted(stream.getvalue().splitlines()) == sorted(lines)


def test_a_stream_that_is_closed_is_nobody_s_failure():
    stream = io.StringIO()
    handler = BufferedHandler(stream)
    stream.close()
    handler.emit(record("to no stream"))
    handler.flush()
