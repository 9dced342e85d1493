"""Bodies of the requests that run: their number and memory are bounded, and free after them."""

import json
import threading

import pytest
from django.core.wsgi import get_wsgi_application

from mlsite.server import body_bounds
from mlsite.server.body_bounds import (
    MAX_LARGE_BODIES,
    MAX_REQUESTS,
    MAX_WAITING,
    SMALL_BYTES,
    BodyBounds,
)
from mlsite.server.request_body import RequestBody
from tests.serving import until
from tests.site.environs import make_environ

MAX_BYTES = 1_000_000
ROW = b'{"X1": "61.1", "X2": "17.3"}'
SMALL, LARGE = b" " * SMALL_BYTES, b" " * MAX_BYTES
BUSY = "The server is busy. Try again in a few seconds."


def environ_of(body, *, chunked=False):
    chunks = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    end = chunks if chunked else {"CONTENT_LENGTH": str(len(body))}
    return make_environ(body, "application/json", end)


def answer(application, environ):
    """The status and the headers of a response, and its JSON."""
    started = []
    response = application(environ, lambda *args: started.extend(args))
    body = b"".join(response)
    response.close()
    return int(started[0].split()[0]), dict(started[1]), json.loads(body)


class Crowded:
    """An application whose requests wait for each other; it notes the length of each body."""

    def __init__(self):
        self.lengths = []
        self.has_body, self.may_go = threading.Semaphore(0), threading.Event()
        self.site = BodyBounds(RequestBody(self._wait, MAX_BYTES), MAX_BYTES)
        self.threads = []

    def _wait(self, environ, _start_response):
        self.lengths.append(len(environ["wsgi.input"].read()))
        self.has_body.release()
        self.may_go.wait(60)
        return []

    def start(self, body, **options):
        thread = threading.Thread(target=self.site, args=(environ_of(body, **options), None))
        thread.start()
        self.threads.append(thread)
        return thread

    def send(self, body, **options):
        self.start(body, **options)
        assert self.has_body.acquire(timeout=60)

    def finish(self):
        self.may_go.set()
        for thread in self.threads:
            thread.join(60)


@pytest.fixture
def crowded():
    crowded = Crowded()
    yield crowded
    crowded.finish()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_beyond_the_memory_is_not_read(crowded, chunked):
    for _ in range(MAX_LARGE_BODIES + 2):
        crowded.send(LARGE, chunked=chunked)
    assert crowded.lengths == [MAX_BYTES] * MAX_LARGE_BODIES + [0, 0]
    crowded.finish()
    crowded.send(LARGE, chunked=chunked)
    assert crowded.lengths[-1] == MAX_BYTES


@pytest.mark.parametrize("chunked", [False, True])
def test_small_bodies_are_always_read(crowded, chunked):
    for _ in range(MAX_LARGE_BODIES):
        crowded.send(LARGE)
    for _ in range(20):
        crowded.send(SMALL, chunked=chunked)
    assert crowded.lengths == [MAX_BYTES] * MAX_LARGE_BODIES + [SMALL_BYTES] * 20


def test_bodies_that_are_refused_anyway_take_no_memory(crowded):
    for _ in range(MAX_LARGE_BODIES + 1):
        crowded.send(LARGE + b" ")
    crowded.send(LARGE)
    assert crowded.lengths == [0] * (MAX_LARGE_BODIES + 1) + [MAX_BYTES]


def test_a_request_waits_for_one_that_ends(crowded, monkeypatch):
    monkeypatch.setattr(body_bounds, "MAX_WAIT_S", 60)
    for _ in range(MAX_REQUESTS):
        crowded.send(ROW)
    thread = crowded.start(ROW)
    crowded.finish()
    thread.join(60)
    assert crowded.lengths == [len(ROW)] * (MAX_REQUESTS + 1)


def test_a_request_beyond_those_that_may_run_is_a_503_and_others_run(iris, crowded, monkeypatch):
    monkeypatch.setattr(body_bounds, "MAX_WAIT_S", 0.1)
    for _ in range(MAX_REQUESTS):
        crowded.send(ROW)
    crowded.site.application = RequestBody(get_wsgi_application(), MAX_BYTES)
    status, headers, body = answer(crowded.site, environ_of(ROW))
    assert (status, headers["Retry-After"], body) == (503, "1", {"detail": BUSY})
    page = {**environ_of(b""), "REQUEST_METHOD": "GET", "CONTENT_LENGTH": ""}
    assert answer(crowded.site, page)[0] == 200
    crowded.finish()
    assert answer(crowded.site, environ_of(ROW))[::2] == (200, {"prediction": 2})


def test_requests_beyond_those_that_may_wait_are_refused_at_once(crowded, monkeypatch):
    monkeypatch.setattr(body_bounds, "MAX_WAIT_S", 60)
    for _ in range(MAX_REQUESTS):
        crowded.send(ROW)
    for _ in range(MAX_WAITING):
        crowded.start(ROW)
    until(crowded.site._waiting_places.empty, "all wait")
    crowded.send(ROW)
    assert crowded.lengths == [len(ROW)] * MAX_REQUESTS + [0]


def test_a_request_without_memory_for_its_body_is_a_503(iris, crowded):
    for _ in range(MAX_LARGE_BODIES):
        crowded.send(LARGE)
    crowded.site.application = RequestBody(get_wsgi_application(), MAX_BYTES)
    status, headers, body = answer(crowded.site, environ_of(LARGE))
    assert (status, headers["Retry-After"], body) == (503, "1", {"detail": BUSY})
    assert answer(crowded.site, environ_of(ROW))[::2] == (200, {"prediction": 2})
