"""Estimator processes of a server: shared by its workers, replaced, and gone with the server."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving import Site, until

ROW = json.dumps({"X1": "61.1", "X2": "17.3"})
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def site(home):
    """Two workers that leave everything to scikit-learn."""
    with Site(home, "--workers", "2", ENGINES="scikit-learn") as site:
        yield site


def statuses(site, times=16):
    """The statuses of requests, which the kernel spreads over the workers."""

    def predict(_number):
        status, _, body = site.ask("POST", "/predict", ROW, **JSON)
        return status, body

    with ThreadPoolExecutor(8) as pool:
        return set(pool.map(predict, range(times)))


def are_gone(pids):
    return not any(os.path.exists(f"/proc/{pid}") for pid in pids)  # noqa: PTH110 - of the kernel


ANSWERED = {(200, b'{"prediction":2}')}


def test_workers_share_processes_that_are_replaced_and_end_with_the_server(site):
    assert statuses(site) == ANSWERED
    (supervisor,), (process,) = site.supervisors(), site.estimator_processes()

    os.kill(process, signal.SIGKILL)
    assert statuses(site) == ANSWERED
    (replaced,) = site.estimator_processes()
    assert replaced != process

    # The process of a version ends after all workers have stopped serving the version.
    changes = f"curl -u admin:{site.password()} -X POST http://localhost:8000/models/iris"
    site.curl(f"{changes}/unpublish")
    until(lambda: are_gone([replaced]), "the end of the process of an unpublished version")
    assert {status for status, _ in statuses(site)} == {404}
    site.curl(f"{changes}/rollback")
    until(lambda: statuses(site) == ANSWERED, "the version in every worker")

    os.kill(supervisor, signal.SIGKILL)
    # Until they have ended, the old process would answer, and there would be no new one.
    until(lambda: are_gone([supervisor, replaced]), "the end of both")
    assert statuses(site) == ANSWERED
    (replacement,), (process,) = site.supervisors(), site.estimator_processes()
    assert replacement != supervisor

    pids = [*site.workers(), replacement, process]
    assert site.stop() == 0
    until(lambda: are_gone(pids), "the end of all processes")


def test_a_killed_server_leaves_no_process(site):
    pids = [*site.workers(), *site.supervisors(), *site.estimator_processes()]
    assert len(pids) == 4
    site.stop(signal.SIGKILL)
    until(lambda: are_gone(pids), "the end of all processes")
