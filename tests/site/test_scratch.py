"""Directories of servers: kept while a process lives, removed by the next server after a kill."""

import os
import signal
from contextlib import suppress

import pytest

from mlsite.server.scratch import PREFIX, scratch_directory
from tests.predictor.isolation.processes import forked
from tests.serving import until


@pytest.fixture
def server(tmp_path):
    """The ids of a process with a directory and of its worker."""

    def serve(channel):
        with scratch_directory(tmp_path):
            if worker := os.fork():
                os.write(channel, str(worker).encode())
            signal.pause()

    with forked(serve) as (process, reading):
        worker = int(os.read(reading, 20))
        yield process, worker
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def test_a_directory_ends_with_its_context(tmp_path):
    with scratch_directory(tmp_path) as directory:
        (directory / "file").touch()
        assert list(tmp_path.iterdir()) == [directory]
    assert list(tmp_path.iterdir()) == []


def test_the_directory_of_a_living_server_is_kept(tmp_path, server):
    (living,) = tmp_path.iterdir()
    with scratch_directory(tmp_path) as other:
        assert set(tmp_path.iterdir()) == {living, other}
    assert list(tmp_path.iterdir()) == [living]


def test_the_directory_of_a_killed_server_is_removed_after_its_last_process(tmp_path, server):
    (left,) = tmp_path.iterdir()
    process, worker = server
    (left / "file").touch()
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    with scratch_directory(tmp_path):
        assert left.exists()
    os.kill(worker, signal.SIGKILL)

    def is_removed():
        with scratch_directory(tmp_path):
            return not left.exists()

    until(is_removed, "the end of the worker")


def test_other_directories_are_kept(tmp_path, monkeypatch):
    others = {tmp_path / "mlsite-bench-1", tmp_path / f"{PREFIX}link", tmp_path / f"{PREFIX}other"}
    (tmp_path / "mlsite-bench-1").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "mlsite-bench-1")
    (tmp_path / f"{PREFIX}other").mkdir()
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)  # the directory belongs to another user
    with scratch_directory(tmp_path):
        pass
    assert set(tmp_path.iterdir()) == others
