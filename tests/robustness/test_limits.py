"""The operating system refuses a resource, and the rest of the site goes on."""

import fcntl
import json
import os
import resource
import signal
import subprocess
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from predictor.registry.storage import LOCK, REQUEST_WAIT_S
from tests.preloaded import Process
from tests.serving import START_S, Site, environment, manage, until

pytestmark = pytest.mark.xdist_group("site")

JSON = {"Content-Type": "application/json"}


LOCKED = "Another process is changing the files of models. Try again in a moment."


def train(site):
    """Status, Retry-After and body of a training by staff."""
    staff = b64encode(f"admin:{site.password()}".encode()).decode()
    headers = {"Authorization": f"Basic {staff}"}
    status, headers, body = site.ask("POST", "/models/iris/train", "{}", **JSON, **headers)
    return status, headers["Retry-After"], json.loads(body)


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


@contextmanager
def locked(home):
    """Hold the lock of the files of models, as a frozen process can."""
    with (home / "models" / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_requests_wait_for_the_files_of_models_for_a_bounded_time(home):
    with Site(home, "--workers", "1") as site:
        start = time.monotonic()
        with locked(home), ThreadPoolExecutor(4) as clients:
            answers = [clients.submit(train, site) for _ in range(4)]
            assert predict(site) == 200
            for answer in answers:
                assert answer.result() == (503, "1", {"detail": LOCKED})
        assert REQUEST_WAIT_S < time.monotonic() - start < 3 * REQUEST_WAIT_S
        assert train(site)[0] == 200


def test_a_command_waits_longer_for_the_files_of_models_and_says_so(home):
    output = home / "output"
    start = time.monotonic()
    with locked(home):
        command = Process(["manage.py", "sync"], environment(home), output, output)
        until(
            lambda: command.poll() is not None or time.monotonic() > start + REQUEST_WAIT_S + 2,
            "the end of the command, or of the longest wait of a request",
        )
        assert command.poll() is None
    assert command.wait(START_S) == 0
    said = output.read_text()
    lock = home / "models" / LOCK
    assert said.count(f"Waiting for another process, which holds the lock {lock}.") == 1
    assert said.endswith("Every version in MODELS_DIR is registered.\n")


@contextmanager
def read_only(directory):
    subprocess.run(["mount", "--bind", directory, directory], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", directory], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root may mount.")
class TestReadOnly:
    """A directory cannot be written."""

    def test_a_start_without_a_writable_database_ends_with_a_sentence(self, home):
        with read_only(home):
            done = manage(home, "serve", "--bind", "127.0.0.1:1")
        assert done.returncode == 1
        assert done.stderr.endswith(
            f"\nCommandError: {home / 'db.sqlite3'}: Read-only file system.\n"
        )
        assert "Traceback" not in done.stderr

    def test_a_directory_that_cannot_be_written_refuses_changes_of_models(self, home):
        with read_only(home / "models"), Site(home, "--workers", "1") as site:
            assert predict(site) == 200
            assert site.ask("POST", "/tasks/", '{"title": "Buy milk"}', **JSON)[0] == 201
            sentence = "The version cannot be written: Read-only file system."
            assert train(site) == (503, None, {"detail": sentence})

    def test_a_site_without_a_directory_for_temporary_files_uses_another(self, home):
        with Site(home, "--workers", "1", TMPDIR=str(home / "missing")) as site:
            assert train(site)[0] == 200
