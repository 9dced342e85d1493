"""One prepared site, and one that serves, for all tests of the server."""

import fcntl
import os
import re
import shutil

import pytest

from tests.serving import Site, manage


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """The files of a site that has been started once before, made once for all workers."""
    own = tmp_path_factory.getbasetemp()
    home = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "prepared"
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "password").exists():
            done = manage(home, "prepare")
            assert done.returncode == 0, done.stderr
            (home / "password").write_text(re.search(r"the password (\S+) ", done.stdout).group(1))
    return home


@pytest.fixture
def home(prepared, tmp_path):
    """A copy of those files."""
    return shutil.copytree(prepared, tmp_path / "home")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A site on its first start, from nothing."""
    with Site(tmp_path_factory.mktemp("site")) as site:
        yield site
