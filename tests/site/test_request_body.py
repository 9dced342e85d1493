"""Request bodies under any WSGI server: read within the limit, refused if incomplete."""

import io
import json

import pytest
from django.core.wsgi import get_wsgi_application

from mlsite.server.request_body import RequestBody
from tests.site.environs import make_environ

MAX = 100
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked"}
DECODED = CHUNKED | {"wsgi.input_terminated": True}
ROW = b'{"X1": "61.1", "X2": "17.3"}'
INCOMPLETE = "The body is incomplete."
TOO_LARGE = "The body is larger than the limit of 100 bytes."
NO_LENGTH = "A chunked body must be JSON; other bodies need Content-Length."


def length(number):
    return {"CONTENT_LENGTH": str(number)}


class Broken(io.BytesIO):
    """The input of a client that is gone."""

    def read(self, _size=-1):
        raise ConnectionResetError


@pytest.mark.parametrize(
    ("body", "variables", "received", "declared"),
    [
        (ROW, length(len(ROW)), ROW, str(len(ROW))),
        (ROW + b"the next request", length(len(ROW)), ROW, str(len(ROW))),
        (ROW[:5], length(len(ROW)), ROW[:5], str(len(ROW))),
        (ROW, {}, b"", None),
        (ROW, length("many"), b"", "many"),
        (b" " * MAX, length(MAX), b" " * MAX, "100"),
        (b" " * 101, length(101), b"", "101"),
        (ROW, length("9" * 5000), b"", "9" * 5000),
        (ROW, DECODED, ROW, str(len(ROW))),
        (b" " * 200, DECODED, b" " * 101, "101"),
        (b"1c\r\n" + ROW, CHUNKED, b"", "0"),
        (Broken(), length(5), b"", "5"),
    ],
)
def test_the_input_is_what_was_received(body, variables, received, declared):
    seen = {}

    def application(environ, _start_response):
        seen.update(environ)
        return [b"answered"]

    environ = make_environ(body, JSON, variables)
    assert RequestBody(application, MAX)(environ, None) == [b"answered"]
    assert type(seen["wsgi.input"]) is io.BytesIO
    assert seen["wsgi.input"].read() == received
    assert seen.get("CONTENT_LENGTH") == declared


@pytest.mark.parametrize(
    ("body", "content_type", "variables", "status", "answer"),
    [
        (ROW, JSON, length(len(ROW)), 200, {"prediction": 2}),
        (ROW, JSON, DECODED, 200, {"prediction": 2}),
        (b"X1=61.1&X2=17.3", FORM, length(15), 200, {"prediction": 2}),
        (ROW, JSON, length(len(ROW) + 1), 400, {"detail": INCOMPLETE}),
        (b"X1=61.1&X2=17", FORM, length(15), 400, {"detail": INCOMPLETE}),
        (b"", JSON, DECODED, 400, {"detail": INCOMPLETE}),
        (b"1c\r\n" + ROW, JSON, CHUNKED, 400, {"detail": INCOMPLETE}),
        (Broken(), JSON, length(5), 400, {"detail": INCOMPLETE}),
        (b"X1=61.1&X2=17.3", FORM, DECODED, 411, {"detail": NO_LENGTH}),
        (b" " * 101, JSON, length(101), 413, {"detail": TOO_LARGE}),
        (ROW, JSON, length("9" * 5000), 413, {"detail": TOO_LARGE}),
        (b" " * 200, JSON, DECODED, 413, {"detail": TOO_LARGE}),
        (b" " * 200, FORM, DECODED, 413, {"detail": TOO_LARGE}),
    ],
)
def test_an_incomplete_body_is_refused(
    iris, settings, body, content_type, variables, status, answer
):
    settings.MAX_BODY_BYTES = MAX
    started = []
    application = RequestBody(get_wsgi_application(), MAX)
    environ = make_environ(body, content_type, variables)
    response = application(environ, lambda *args: started.extend(args))
    assert json.loads(b"".join(response)) == answer
    assert started[0].startswith(f"{status} ")
    response.close()


@pytest.mark.parametrize(
    "parameter", ["charset*=unknown'en'x", '";' + ";" * 30_000], ids=["encoded", "long"]
)
def test_a_content_type_that_django_cannot_parse_is_not_supported(iris, settings, parameter):
    started = []
    application = RequestBody(get_wsgi_application(), settings.MAX_BODY_BYTES)
    environ = make_environ(ROW, f"{JSON}; {parameter}", length(len(ROW)))
    response = application(environ, lambda *args: started.extend(args))
    detail = json.loads(b"".join(response))["detail"]
    assert detail.startswith('Unsupported media type "" in request. ')
    assert started[0].startswith("415 ")
    response.close()
