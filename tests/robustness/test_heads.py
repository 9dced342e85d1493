"""Heads of requests that are long, hard to parse, or in another protocol."""

import http.client
import socket

import pytest

from tests.serving import Site

pytestmark = pytest.mark.xdist_group("site")

BOUND_S = 5


@pytest.fixture
def site(home):
    with Site(home, "--workers", "1") as site:
        yield site


def test_a_long_head_is_refused(site):
    """A Content-Type of this kind would occupy a worker for minutes."""
    status, _, _ = site.ask("GET", "/tasks/", **{"Content-Type": 'a/b;"' + ";" * 300_000})
    assert status == http.client.REQUEST_HEADER_FIELDS_TOO_LARGE
    status, _, _ = site.ask("GET", "/tasks/", Cookie="a" * 20_000)
    assert status == http.client.OK


def test_http_2_is_refused(site):
    """A client that reads none of 200 responses would take as many threads."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=BOUND_S) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        assert not connection.recv(1)
