"""A site that serves, and files to start others from, for the tests of the server."""

import shutil

import pytest

from tests.serving import Site


@pytest.fixture
def home(prepared, tmp_path):
    """A copy of those files."""
    return shutil.copytree(prepared, tmp_path / "home")


@pytest.fixture(scope="session")
def site(prepared, tmp_path_factory):
    """A site on its second start, with two workers."""
    home = shutil.copytree(prepared, tmp_path_factory.mktemp("site") / "home")
    with Site(home, "--workers", "2") as site:
        yield site
