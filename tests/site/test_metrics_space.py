"""Space of the metrics' files, which are in the memory of their process."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from mlsite import metrics


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
