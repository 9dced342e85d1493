"""Another WSGI server serves the site as `serve` does."""

import http.client
import json
import signal
import socket

import pytest

from tests.preloaded import Process
from tests.serving import START_S, environment, free_port, until

ROW = b'{"X1": "61.1", "X2": "17.3"}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def port(home):
    """Port of a gunicorn with one worker."""
    port = free_port()
    command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "mlsite.wsgi:application"]
    log = home / "gunicorn.log"
    server = Process(command, environment(home), log, log)
    try:
        until(lambda: ready(server, port), "an answer from gunicorn")
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(START_S)


def ready(server, port):
    assert server.poll() is None
    try:
        return request(port, "GET", "/v2/health/ready")[0] == 200
    except OSError:
        return False


def request(port, *arguments, **options):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    try:
        connection.request(*arguments, **options)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_gunicorn_answers_as_serve_does(port, home):
    assert request(port, "POST", "/predict", ROW, JSON) == (200, {"prediction": 2})
    in_chunks = request(port, "POST", "/predict", iter([ROW[:9], ROW[9:]]), JSON)
    assert in_chunks == (200, {"prediction": 2})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert request(port, "POST", "/tasks/", iter([b"title=a"]), form)[0] == 411
    assert request(port, "PUT", "/1")[0] == 405
    truncated(port)
    until(lambda: " POST /tasks/ 400 " in (home / "gunicorn.log").read_text(), "its line")
    assert len(request(port, "GET", "/tasks/")[1]["results"]) == 2  # those of a first start


def truncated(port):
    """Send a part of a body, and go."""
    head = "POST /tasks/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=START_S) as client:
        client.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + b'{"title":')
