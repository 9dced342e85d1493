"""A server process for each test, because each test breaks something."""

import shutil

import pytest


@pytest.fixture
def home(prepared, tmp_path):
    """The files of a prepared site."""
    return shutil.copytree(prepared, tmp_path / "home")
