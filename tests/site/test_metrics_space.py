"""Space of the metrics' files, which are in the memory of their process."""

import errno
import os
import tempfile
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict

from mlsite import metrics
from predictor.runtime.metrics import Space


@pytest.fixture(autouse=True)
def space(monkeypatch):
    """The space of other tests stays unlimited."""
    monkeypatch.setattr(Space, "is_free", Space.is_free)


@pytest.fixture
def directories(tmp_path, monkeypatch):
    """The directory of the metrics, and the one for temporary files."""
    for name in ("metrics", "other"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv(metrics.DIRECTORY, str(tmp_path / "metrics"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "other"))
    return tmp_path / "metrics", tmp_path / "other"


def blocks(directory):
    """The reserved bytes of each file."""
    return {path.name: path.stat().st_blocks * 512 for path in directory.iterdir()}


def test_space_is_reserved_before_the_first_value(directories):
    metrics.reserve_space()
    reserved = blocks(directories[0])
    assert reserved.keys() == {f"{kind}_{os.getpid()}.db" for kind in metrics.KINDS}
    assert min(reserved.values()) >= metrics.RESERVED_BYTES
    assert not blocks(directories[1])


def test_the_files_are_elsewhere_if_there_is_no_space(directories, monkeypatch):
    reserve = os.posix_fallocate

    def allocate(descriptor, *size):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_relative_to(directories[0]):
            raise OSError(errno.ENOSPC, "No space left on device")
        reserve(descriptor, *size)

    monkeypatch.setattr(os, "posix_fallocate", allocate)
    metrics.reserve_space()
    assert blocks(directories[0]) == blocks(directories[1])
    assert all(path.is_symlink() for path in directories[0].iterdir())


def test_space_for_more_series_is_reserved_before_they_are_made(directories):
    metrics.reserve_space()
    path = directories[0] / f"counter_{os.getpid()}.db"
    series = MmapedDict(path)
    for number in range(20_000):
        assert Space.is_free()
        series.write_value(f"a name of a usual length, with a number {number:0100}", 1, 0)
        status = path.stat()
        assert status.st_blocks * 512 >= status.st_size
    assert status.st_size > 4 * metrics.RESERVED_BYTES
    series.close()


def test_there_are_no_more_series_without_space(directories, monkeypatch):
    metrics.reserve_space()

    def allocate(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", allocate)
    path = directories[0] / f"counter_{os.getpid()}.db"
    series = MmapedDict(path)
    number = 0
    while Space.is_free():
        series.write_value(f"{number:0{metrics.FREE_BYTES // 2}}", 1, 0)
        number += 1
    assert number > 0
    assert path.stat().st_size == metrics.RESERVED_BYTES
    series.close()
