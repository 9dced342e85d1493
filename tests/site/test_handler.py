import gc
import io
import re

import pytest
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, reset_queries
from django.urls import clear_script_prefix

from mlsite import handler
from mlsite.handler import Handler

pytestmark = pytest.mark.django_db

CSRF_TOKEN = re.compile(rb"[A-Za-z0-9]{64}")
ROW = b'{"X1": "61.1", "X2": "17.3"}'
REQUESTS = {
    "page": ("GET", "/", b"", {"HTTP_ACCEPT": "text/html"}),
    "row": ("POST", "/predict", ROW, {"CONTENT_TYPE": "application/json"}),
    "form": (
        "POST",
        "/predict/",
        b"X1=61.1&X2=17.3",
        {"CONTENT_TYPE": "application/x-www-form-urlencoded"},
    ),
    "address with a name": ("GET", "/models/iris", b"", {}),
    "no address": ("GET", "/nowhere", b"", {}),
    "address that is not ASCII": ("GET", "/caf\xc3\xa9", b"", {}),
    "no method": ("PATCH", "/predict", b"", {}),
    "other host": ("GET", "/1", b"", {"HTTP_HOST": "elsewhere.example"}),
    "cookies": ("GET", "/admin/login/", b"", {}),
    "slash added": ("GET", "/admin/login", b"", {}),
    "not allowed": ("GET", "/admin/tasks/task/", b"", {}),
    "file": ("GET", "/static/rest_framework/css/default.css", b"", {}),
    "below a prefix": ("GET", "/", b"", {"SCRIPT_NAME": "/ml"}),
}


@pytest.fixture
def _process():
    """Leave the process's signals and prefix as they were: other tests have Django's handler."""
    yield
    clear_script_prefix()
    request_started.connect(reset_queries)
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)
    request_finished.connect(close_caches)
    request_finished.connect(reset_urlconf)


@pytest.fixture
def site_handler(_process):
    return Handler()


def answer(application, method, path, body, variables):
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }
    started = []
    response = application(environ | variables, lambda *args: started.extend(args))
    body = b"".join(response)
    if hasattr(response, "close"):
        response.close()
    status, headers = started
    return status, headers, CSRF_TOKEN.sub(b"", body)


@pytest.mark.parametrize("name", REQUESTS)
def test_each_answer_is_that_of_djangos_own_handler(iris, site_handler, name):
    wanted_status, wanted, wanted_body = answer(WSGIHandler(), *REQUESTS[name])
    for _ in range(2):  # the second time by what was remembered
        status, headers, body = answer(site_handler, *REQUESTS[name])
        assert status == wanted_status
        assert len(headers) == len(wanted)
        for (key, value), (wanted_key, wanted_value) in zip(headers, wanted, strict=True):
            assert key == wanted_key
            # Made anew for each answer.
            if key not in ("X-Request-ID", "Set-Cookie"):
                assert value == wanted_value
        assert body == wanted_body


def test_a_body_is_read_as_it_was_sent(iris, site_handler):
    assert answer(site_handler, *REQUESTS["row"])[2] == b'{"prediction":2}'


def test_the_paths_that_are_remembered_are_few_and_short(iris, site_handler, monkeypatch):
    monkeypatch.setattr(handler, "MOST_PATHS", 2)
    long = "/admin/" + "a" * handler.LONGEST_PATH
    for path in (long, "/1", "/2", "/models/", "/1"):
        answer(site_handler, "GET", path, b"", {})
    assert set(site_handler._matches) == {"/1", "/2"}


def test_a_connection_that_broke_is_closed_when_a_request_ends(iris, site_handler, monkeypatch):
    looked_at = []
    monkeypatch.setattr(
        type(connections["default"]),
        "close_if_unusable_or_obsolete",
        lambda self: looked_at.append(self.alias),
    )
    answer(site_handler, *REQUESTS["row"])
    assert looked_at == ["default"]


@pytest.mark.usefixtures("_process")
def test_queries_are_forgotten_before_each_request_while_they_are_kept(settings):
    settings.DEBUG = True
    Handler()
    assert reset_queries in [receiver() for _, receiver, *_ in request_started.receivers]


@pytest.fixture
def by_hand():
    """Garbage is collected when the test says so."""
    gc.disable()
    yield gc.collect
    gc.enable()


@pytest.mark.parametrize("address", ["/predict", "/models/iris/predict"])
def test_an_answered_prediction_leaves_nothing_that_holds_itself(
    iris, site_handler, by_hand, address
):
    request = ("POST", address, *REQUESTS["row"][2:])
    answer(site_handler, *request)  # the first is for what is remembered
    by_hand()
    assert answer(site_handler, *request)[0] == "200 OK"
    assert by_hand() == 0
