"""Signals end the server, however they arrive."""

import os
import signal
import socket
from pathlib import Path

import pytest

from mlsite.server.parent import children
from tests.serving import Site, until

pytestmark = pytest.mark.xdist_group("site")

N_STOPS = int(os.environ.get("ROBUSTNESS_STOPS", "2"))


def family(pid):
    """A process and all its descendants."""
    return [pid, *(each for child in children(pid) for each in family(child))]


def is_alive(pid):
    return Path(f"/proc/{pid}").exists()


def test_the_server_ends_when_it_was_stopped_and_continued(home):
    """The signal waits while the processes are stopped, and any thread can take it then."""
    for number in range(N_STOPS):
        with Site(home, "--workers", "2") as site:
            processes = family(site.process.pid)
            for pid in processes if number % 2 else processes[:1]:
                os.kill(pid, signal.SIGSTOP)
            site.process.send_signal(signal.SIGTERM)
            for pid in processes if number % 2 else processes[:1]:
                os.kill(pid, signal.SIGCONT)
            assert site.process.wait(timeout=20) == 0  # the grace period is 30 s
            assert not any(map(is_alive, processes))


def test_nothing_is_left_of_a_killed_server_with_an_open_request(home):
    head = b"POST /tasks/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    with (
        Site(home, "--workers", "2") as site,
        socket.create_connection(("127.0.0.1", site.port)) as client,
    ):
        client.sendall(head)
        assert site.get("/1")[0] == 200
        processes = family(site.process.pid)
        site.process.send_signal(signal.SIGKILL)
        until(lambda: not any(map(is_alive, processes[1:])), "all processes end")
