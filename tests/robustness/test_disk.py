"""The disk is full, and the site stays up."""

import json
import os
import shutil
import signal
import subprocess
from base64 import b64encode
from contextlib import contextmanager
from itertools import repeat

import pytest

from mlsite.database import DISK_IS_FULL
from tests.serving import Site, until

pytestmark = [
    pytest.mark.xdist_group("site"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Only root may mount a small file system."),
]

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def small_disk(prepared, tmp_path):
    """A site on a file system of its own, with little space."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "small", place], check=True)
    try:
        home = shutil.copytree(prepared, place / "home")
        (place / "tmp").mkdir()
        yield home
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@contextmanager
def full(disk):
    """Fill the rest of the file system."""
    path = disk.parent / "filling"
    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        file.writelines(repeat(bytes(1 << 16)))
    yield
    path.unlink()


def test_a_full_disk_refuses_changes_and_nothing_else(small_disk):
    password = (small_disk / "password").read_text()
    staff = {"Authorization": "Basic " + b64encode(f"admin:{password}".encode()).decode()}
    task = json.dumps({"title": "Buy milk", "description": "Much milk. " * 800})

    def change(path, body):
        status, headers, body = site.ask("POST", path, body, **JSON, **staff)
        return status, headers["Retry-After"], body

    def predict():
        return site.ask("POST", "/predict", '{"X1": "61.1", "X2": "17.3"}', **JSON)[0]

    with Site(small_disk, "--workers", "2", TMPDIR=str(small_disk.parent / "tmp")) as site:
        with full(small_disk):
            refused = (503, "1", json.dumps({"detail": DISK_IS_FULL}).encode())
            until(lambda: change("/tasks/", task) == refused, "the log of the database is full")
            assert change("/models/iris/train", "{}") == refused
            assert {predict() for _ in range(20)} == {200}
            pages = ("/tasks/", "/models/", "/models/iris", "/", "/metrics", "/v2/health/ready")
            assert {path: site.get(path)[0] for path in pages} == dict.fromkeys(pages, 200)
            workers = site.workers()
            os.kill(workers[0], signal.SIGKILL)
            until(lambda: len({*site.workers()} - {*workers}) == 1, "another worker")
            until(site.answers, "the new worker")
            assert {predict() for _ in range(20)} == {200}
        assert change("/tasks/", task)[0] == 201
        assert change("/models/iris/train", "{}")[0] == 200
        assert b"predictor_prediction_requests_total{" in site.get("/metrics")[1]
