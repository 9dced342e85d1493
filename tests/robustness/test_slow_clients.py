"""Bodies that arrive byte by byte, behind nginx and without it."""

import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from mlsite.server.body_bounds import MAX_REQUESTS, MAX_WAIT_S
from mlsite.server.workers import THREADS
from tests.serving import ROOT, Site, free_port, until

pytestmark = pytest.mark.xdist_group("site")

START = (
    b"POST /tasks/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 1000\r\n\r\n{"title": "'
)


@contextmanager
def unfinished_requests(port, number):
    """Connections whose bodies do not end."""
    with ExitStack() as open_sockets:
        for _ in range(number):
            connection = socket.create_connection(("127.0.0.1", port))
            open_sockets.enter_context(connection)
            connection.sendall(START)
        yield


def predict(site):
    body = '{"X1": "61.1", "X2": "17.3"}'
    return site.ask("POST", "/predict", body, **{"Content-Type": "application/json"})[0]


def threads(site):
    """The threads of the only worker."""
    (worker,) = site.workers()
    return len([*Path(f"/proc/{worker}/task").iterdir()])


def test_fewer_unfinished_bodies_than_may_run_do_no_harm(home):
    with Site(home, "--workers", "1") as site:
        idle = threads(site)
        with unfinished_requests(site.port, MAX_REQUESTS - 16):
            until(lambda: threads(site) - idle >= MAX_REQUESTS - 24, "the bodies take threads")
            assert {predict(site) for _ in range(20)} == {200}
            assert site.get("/tasks/")[0] == 200


def test_more_unfinished_bodies_refuse_only_requests_with_a_body(home):
    with Site(home, "--workers", "1") as site:
        with unfinished_requests(site.port, THREADS + 50):
            until(lambda: predict(site) == 503, "a refusal")
            start = time.monotonic()
            assert {predict(site) for _ in range(3)} == {503}
            assert {site.get(path)[0] for path in ("/tasks/", "/v2/health/ready")} == {200}
            assert time.monotonic() - start < 4 * MAX_WAIT_S
        until(lambda: predict(site) == 200, "a prediction afterwards")


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed.")
def test_any_number_of_unfinished_bodies_does_no_harm_behind_nginx(home, tmp_path):
    with Site(home, "--workers", "1", TRUSTED_PROXIES="1") as site:
        port = free_port()
        configuration = (ROOT / "deploy" / "nginx.conf").read_text()
        for address, own in ("127.0.0.1:8080", port), ("127.0.0.1:8000", site.port):
            assert configuration.count(address) == 1
            configuration = configuration.replace(address, f"127.0.0.1:{own}")
        path = tmp_path / "nginx.conf"
        path.write_text(configuration)
        command = ["nginx", "-p", str(tmp_path), "-c", str(path), "-g", "daemon off;"]
        nginx = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            site_port, site.port = site.port, port
            until(lambda: nginx.poll() is None and answers(site), "an answer through nginx")
            with unfinished_requests(port, THREADS + 50):
                assert {predict(site) for _ in range(20)} == {200}
                site.port = site_port
                assert {predict(site) for _ in range(20)} == {200}
        finally:
            nginx.terminate()
            nginx.wait(timeout=60)


def answers(site):
    try:
        return site.get("/v2/health/ready")[0] == 200
    except OSError:
        return False
