"""A PostgreSQL server that is stopped, frozen and started again while the site serves."""

import json
import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.serving import Site, children, free_port, manage, until

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))

pytestmark = [
    pytest.mark.xdist_group("site"),
    pytest.mark.skipif(
        not PROGRAMS and "CI" not in os.environ, reason="PostgreSQL is not installed."
    ),
]

JSON = {"Content-Type": "application/json"}
ROW = '{"X1": "61.1", "X2": "17.3"}'
TIMEOUT_S = 0.5
LIMIT_S = 2  # on a busy machine
PAUSE_S = 0.02  # between predictions, so that they leave time to the refusals


class PostgreSQL:
    """A server with a directory of its own."""

    def __init__(self, directory):
        self.port = free_port()
        self.directory = directory
        self.url = f"postgres://site@127.0.0.1:{self.port}/postgres"
        self.user = []
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(directory, "postgres", "postgres")
        command = ["initdb", "--auth=trust", "--username=site", "--no-sync", "-D", directory]
        self._run(command)

    def _run(self, command):
        program = PROGRAMS[-1].with_name(command[0])
        subprocess.run(
            [*self.user, program, *command[1:]], check=True, capture_output=True, cwd="/"
        )

    def start(self):
        options = ["-D", self.directory, "-k", self.directory, "-p", str(self.port)]
        fast = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.user, PROGRAMS[-1], *options, *fast], stdout=log, stderr=log, cwd="/"
            )
        until(self._is_ready, "an answer of PostgreSQL")

    def _is_ready(self):
        command = [PROGRAMS[-1].with_name("pg_isready"), "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)  # at once, as in a crash
        self.process.wait(60)

    @contextmanager
    def frozen(self):
        processes = [self.process.pid, *children(self.process.pid)]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(processes):
                os.kill(pid, signal.SIGCONT)


@pytest.fixture
def postgresql():
    # Its user may not read the directories of pytest.
    with TemporaryDirectory(prefix="postgresql-") as directory:
        server = PostgreSQL(Path(directory))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def site(home, postgresql):
    variables = {"DATABASE_URL": postgresql.url, "DATABASE_TIMEOUT": str(TIMEOUT_S)}
    with Site(home, "--workers", "1", **variables) as site:
        yield site


def add_task(site):
    return site.ask("POST", "/tasks/", '{"title": "Buy milk"}', **JSON)


def check_refusals(site):
    """Tasks and cards are refused in time, while predictions go on."""

    def refused(path):
        start = time.monotonic()
        answer = add_task(site) if path is None else site.ask("GET", path)
        return *answer, time.monotonic() - start

    paths = [None, "/tasks/", "/models/", "/models/iris/versions/"] * 10
    with ThreadPoolExecutor(len(paths)) as clients:
        answers = [clients.submit(refused, path) for path in paths]
        predictions = set()
        while wait(answers, PAUSE_S).not_done:
            predictions.add(site.ask("POST", "/predict", ROW, **JSON)[0])
    assert predictions == {200}
    for answer in answers:
        status, headers, body, seconds = answer.result()
        assert (status, headers["Retry-After"]) == (503, "1"), body
        assert "Try again" in json.loads(body)["detail"]
        assert seconds < LIMIT_S


def test_a_stopped_or_frozen_server_is_a_503_until_it_is_back(site, postgresql):
    assert add_task(site)[0] == 201
    postgresql.stop()
    check_refusals(site)
    postgresql.start()
    until(lambda: add_task(site)[0] == 201, "a task after the start", timeout_s=5)
    with postgresql.frozen():
        check_refusals(site)
        check_refusals(site)
    until(lambda: add_task(site)[0] == 201, "a task after the pause", timeout_s=5)
    assert "Traceback" not in site.output()


# Concurrent changes

PREPARE = """
from django.contrib.auth.models import Permission, User
from mlsite.accounts.tokens import issue
for name in ("ann", "ben"):
    user = User.objects.create_superuser(name)
    print(issue(user, "test").secret)
"""


@pytest.fixture
def closed_site(home, postgresql):
    """A site that needs tokens, with two workers."""
    variables = {"DATABASE_URL": postgresql.url, "API_ACCESS": "token"}
    with Site(home, "--workers", "2", **variables) as site:
        yield site


@pytest.fixture
def tokens(closed_site, home, postgresql):
    """The tokens of two users, as headers."""
    done = manage(home, "shell", "--no-imports", "-c", PREPARE, DATABASE_URL=postgresql.url)
    assert done.returncode == 0, done.stderr
    return [{"Authorization": f"Bearer {token}"} for token in done.stdout.split()]


def at_once(count, call):
    with ThreadPoolExecutor(count) as clients:
        return list(clients.map(call, range(count)))


def test_a_token_that_is_revoked_during_use_ends_at_once_and_no_other(
    closed_site, home, postgresql, tokens
):
    ann, ben = tokens

    def use(token):
        body = ("POST", "/tasks/", '{"title": "Buy milk"}')
        row = ("POST", "/predict", ROW)
        return {closed_site.ask(*each, **JSON, **token)[0] for each in (body, row)}

    def use_until_revoked(_number):
        found = set()
        until(lambda: found.update(use(ann)) or 401 in found, "the end of the token")
        until(lambda: use(ann) == {401}, "its end in both workers")
        return found

    revoke = "from mlsite.models import Token; Token.objects.get(user__username='ann').delete()"
    with ThreadPoolExecutor(8) as clients:
        answers = [clients.submit(use_until_revoked, number) for number in range(7)]
        assert use(ann) == use(ben) == {201, 200}
        command = ("shell", "--no-imports", "-c", revoke)
        assert manage(home, *command, DATABASE_URL=postgresql.url).returncode == 0
        assert set().union(*(answer.result() for answer in answers)) == {200, 201, 401}
    assert {closed_site.ask("GET", "/tasks/", **ann)[0] for _ in range(8)} == {401}
    assert use(ben) == {201, 200}


def test_two_users_who_use_one_idempotency_key_at_once_get_a_task_each(closed_site, tokens):
    def add(number):
        headers = JSON | tokens[number % 2] | {"Idempotency-Key": "one"}
        status, _, body = closed_site.ask("POST", "/tasks/", '{"title": "One"}', **headers)
        return number % 2, status, json.loads(body).get("id")

    answers = set(at_once(32, add))
    assert sorted((user, status) for user, status, _ in answers) == [(0, 201), (1, 201)]
    assert len({task for _, _, task in answers}) == 2


EVENTS = """
import json
from predictor.models import Event
events = Event.objects.filter(kind="promotion").order_by("pk")
print(json.dumps(list(events.values_list("from_version__version", "to_version__version"))))
"""


def test_promotions_and_purges_during_predictions_fail_no_prediction(
    closed_site, home, postgresql, tokens
):
    ann, ben = tokens

    def change(name, **fields):
        body = json.dumps(fields)
        return closed_site.ask("POST", f"/models/iris/{name}", body, **JSON, **ann)[0]

    def predict(path):
        return closed_site.ask("POST", path, ROW, **JSON, **ben)[0]

    def retire_and_purge():
        return {change("retire", version=4), change("purge", version=4)}

    assert {change("train") for _ in range(4)} == {200}
    live, purged = set(), set()
    with ThreadPoolExecutor(8) as clients:
        promotions = [clients.submit(change, "promote", version=n) for n in [1, 2, 3, 5] * 4]
        purge = clients.submit(retire_and_purge)
        while wait([*promotions, purge], PAUSE_S).not_done:
            live.add(predict("/predict"))
            purged.add(predict("/models/iris/versions/4/predict"))
        assert {each.result() for each in promotions} == purge.result() == live == {200}
    until(lambda: predict("/models/iris/versions/4/predict") == 409, "the end of the version")
    assert purged <= {200, 409, 503}
    done = manage(home, "shell", "--no-imports", "-c", EVENTS, DATABASE_URL=postgresql.url)
    events = json.loads(done.stdout)
    assert [before for before, _ in events[1:]] == [after for _, after in events[:-1]]
    answers = {closed_site.ask("GET", "/models/iris", **ben)[2] for _ in range(8)}
    assert {json.loads(card)["live_version"] for card in answers} == {events[-1][1]}


def test_a_user_who_is_deleted_during_a_training_registers_nothing(
    closed_site, home, postgresql, tokens
):
    ann, ben = tokens

    def train(_number):
        return closed_site.ask("POST", "/models/iris/train", "{}", **JSON, **ben)

    delete = (
        "from django.contrib.auth.models import User; User.objects.get(username='ben').delete()"
    )
    with ThreadPoolExecutor(1) as clients:
        deletion = clients.submit(
            manage, home, "shell", "--no-imports", "-c", delete, DATABASE_URL=postgresql.url
        )
        answers = [train(0)]
        while answers[-1][0] == 200:
            answers.append(train(0))
        assert deletion.result().returncode == 0
    assert answers[-1][0] in {401, 409}, answers[-1]
    card = json.loads(closed_site.ask("GET", "/models/iris", **ann)[2])
    assert card["live_version"] == len(answers)
