"""The database is locked, crowded or gone, and the rest of the site goes on."""

import json
import os
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from mlsite.database import LOST, UnavailableFilter
from mlsite.middleware import DatabaseGuard
from tests.serving import Site, free_port, manage, until

pytestmark = pytest.mark.xdist_group("site")

CLIENTS = 64
BURST_S = float(os.environ.get("ROBUSTNESS_BURST_S", "1"))

JSON = {"Content-Type": "application/json"}
ROW = '{"X1": "61.1", "X2": "17.3"}'
BUSY = "The database is busy. Try again in a few seconds."
CROWDED = "The server is busy. Try again in a few seconds."


def predict(site):
    return site.ask("POST", "/predict", ROW, **JSON)[0]


def add_task(site, **headers):
    return site.ask("POST", "/tasks/", '{"title": "Buy milk"}', **JSON, **headers)


@contextmanager
def locked(home):
    """Another process, here another connection, writes and does not finish."""
    with closing(sqlite3.connect(home / "db.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_writes_to_a_locked_database_are_refused_while_the_rest_goes_on(home):
    with Site(home, "--workers", "1", DATABASE_TIMEOUT="0.5") as site:
        start = time.monotonic()
        with locked(home), ThreadPoolExecutor(120) as clients:
            writes = [clients.submit(add_task, site) for _ in range(120)]
            answers = []
            while not all(write.done() for write in writes):
                answers.append(predict(site))
            assert set(answers) == {200}
            for write in writes:
                status, headers, body = write.result()
                assert (status, headers["Retry-After"]) == (503, "1")
                assert json.loads(body)["detail"] in (BUSY, CROWDED)
            pages = ("/tasks/", "/models/", "/models/iris", "/", "/admin/login/", "/metrics")
            assert {path: site.get(path)[0] for path in pages} == dict.fromkeys(pages, 200)
            login = site.ask("POST", "/models/iris/train", "{}", **JSON)
            assert login[0] == 401
        locked_s = time.monotonic() - start
        assert add_task(site)[0] == 201
    # One line in ten seconds gives the reason, without a traceback for each request.
    output = site.output()
    assert 1 <= output.count(BUSY) <= 1 + locked_s / UnavailableFilter.QUIET_S
    assert "Traceback" not in output


def test_predictions_find_a_thread_while_more_requests_wait_than_may(home):
    most = DatabaseGuard.MAX_REQUESTS
    with (
        Site(home, "--workers", "1", DATABASE_TIMEOUT="30") as site,
        ThreadPoolExecutor(most + 20) as clients,
    ):
        with locked(home):
            writes = [clients.submit(add_task, site) for _ in range(most + 20)]
            refused = until(
                lambda: [one for one in writes if one.done()][19:] and writes, "20 refusals"
            )
            answers = Counter(one.result()[0] for one in refused if one.done())
            assert answers == {503: 20}
            assert {predict(site) for _ in range(50)} == {200}
            assert site.get("/v2/health/ready")[0] == 200
        assert Counter(one.result()[0] for one in writes) == {503: 20, 201: most}


def add_tasks(site, deadline):
    """Add tasks until the deadline, at least one, and count the statuses."""
    statuses = Counter([add_task(site)[0]])
    while time.monotonic() < deadline:
        statuses[add_task(site)[0]] += 1
    return statuses


def test_a_burst_of_writes_succeeds_and_a_key_makes_one_task(home):
    # The short form may run on a busy machine, where these writes together need more time.
    timeout_s = "2" if BURST_S >= 30 else "20"
    with (
        Site(home, "--workers", "2", DATABASE_TIMEOUT=timeout_s) as site,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        deadline = time.monotonic() + BURST_S
        many = [clients.submit(add_tasks, site, deadline) for _ in range(CLIENTS)]
        statuses = sum((one.result() for one in many), Counter())
        assert statuses.keys() == {201}
        key = {"Idempotency-Key": "the-same"}
        same = [clients.submit(add_task, site, **key) for _ in range(CLIENTS)]
        assert {one.result()[0] for one in same} == {201}
        assert len({json.loads(one.result()[2])["id"] for one in same}) == 1


def test_no_change_is_confirmed_after_the_file_is_gone(home):
    with Site(home, "--workers", "1") as site:
        assert add_task(site)[0] == 201
        (home / "db.sqlite3").unlink()
        for _ in range(3):
            status, _, body = add_task(site)
            assert (status, json.loads(body)["detail"]) == (503, LOST)
        assert site.get("/v2/health/ready")[0] == 503
        assert site.get("/v2/health/live")[0] == 200
        assert predict(site) == 200


def test_an_unreachable_database_server_ends_the_start_with_a_sentence(home):
    port = free_port()
    url = f"postgres://someone:secret-words@127.0.0.1:{port}/tasks"
    ended = manage(home, "serve", "--bind", f"127.0.0.1:{free_port()}", DATABASE_URL=url)
    assert ended.returncode == 1
    said = ended.stdout + ended.stderr
    assert f"The database tasks on 127.0.0.1, port {port}, cannot be used" in said
    assert "secret-words" not in said
    assert "Traceback" not in said
