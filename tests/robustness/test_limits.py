"""The operating system refuses a resource, and the rest of the site goes on."""

import os
import resource
import signal

import pytest

from tests.serving import Site, until

pytestmark = pytest.mark.xdist_group("site")

JSON = {"Content-Type": "application/json"}


def predict(site):
    return site.ask("POST", "/predict", '{"X1": "61.1", "X2": "17.3"}', **JSON)[0]


def test_a_supervisor_that_cannot_be_replaced_is_replaced_later(home):
    with Site(home, "--workers", "1") as site:
        (first,) = site.supervisors()
        limits = resource.prlimit(site.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(site.process.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        os.kill(first, signal.SIGKILL)
        sentence = "No supervisor can be started: Too many open files."
        until(lambda: site.output().count(sentence) > 1, "two attempts")
        assert predict(site) == 200
        resource.prlimit(site.process.pid, resource.RLIMIT_NOFILE, limits)
        until(lambda: first not in site.supervisors() and site.supervisors(), "another supervisor")
        assert predict(site) == 200
        assert "Traceback" not in site.output()
