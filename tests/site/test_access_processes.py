"""Revocations and locks across processes."""

import json
import re
import sqlite3
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlsite.accounts.login_throttle import PAIR
from tests.serving import Site, manage, until


@pytest.fixture
def closed(home):
    with Site(home, "--workers", "2", API_ACCESS="token", LOG_FORMAT="json") as site:
        yield site


def ask(site, authorization):
    return site.ask("GET", "/1", Authorization=authorization)[0]


def test_a_token_ends_everywhere_and_a_lock_holds_everywhere(closed, home):
    done = manage(home, "token", "admin", "--name", "test")
    bearer = f"Bearer {done.stdout.strip()}"
    with ThreadPoolExecutor(16) as clients:
        assert set(clients.map(ask, [closed] * 80, [bearer] * 80)) == {200}
        with sqlite3.connect(home / "db.sqlite3", timeout=20) as database:
            used = "SELECT last_used_at FROM mlsite_token"
            until(lambda: database.execute(used).fetchone()[0], "the last use is written")
            database.execute("DELETE FROM mlsite_token")

        def answers_to_all():
            return set(clients.map(ask, [closed] * 80, [bearer] * 80))

        # It is in use all the time.
        until(lambda: ask(closed, bearer) == 401, "the token's end in a process")
        until(lambda: answers_to_all() == {401}, "the token's end in both processes")

        wrong = "Basic " + b64encode(b"admin:wrong").decode()
        answers = list(clients.map(ask, [closed] * 30, [wrong] * 30))
        assert (answers.count(401), answers.count(429)) == (PAIR, 30 - PAIR)

    records = [json.loads(line) for line in closed.output().splitlines() if line[0] == "{"]
    requests = [one for one in records if one["logger"] == "mlsite.requests"]
    assert {"method", "path", "status", "ms", "request_id"} <= requests[-1].keys()
    assert sum(one["logger"] == "mlsite.accounts.login_throttle" for one in records) == PAIR
    assert re.search(r"mlsite_[\w-]{43}", closed.output()) is None
