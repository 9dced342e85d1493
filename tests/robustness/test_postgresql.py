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

from tests.serving import Site, children, free_port, until

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
