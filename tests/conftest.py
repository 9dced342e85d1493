"""Real parts for every test: an estimator fitted once, a database, a store of loaded models."""

import fcntl
import gc
import json
import os
import re
import shutil
import sqlite3
from contextlib import closing
from functools import cache

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from hypothesis import HealthCheck, settings
from rest_framework.test import APIClient

from predictor import recipes, registry
from predictor.registry import registration, storage
from predictor.runtime.store import get_store
from tests.predictor.fitted import write
from tests.served_settings import QuickHasher
from tests.serving import Site

# Imports make no garbage. The collector runs again after the collection of the tests.
gc.disable()

# The time of an example depends on the load of the machine.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_itemcollected(item):
    """Let one worker run all tests of a file, and mark the tests of a running site."""
    if not item.get_closest_marker("xdist_group"):
        item.add_marker(pytest.mark.xdist_group(item.location[0]))
    if "prepared" in item.fixturenames:
        item.add_marker("acceptance")


def pytest_collection_modifyitems(items):
    """Put the groups that files state first, because they take longest.

    Of these, groups that need the prepared site come later: both workers would wait for it. The
    groups of parameters come last, because they are small and fill both workers.
    """
    waiting = {_group(item) for item in items if "prepared" in item.fixturenames}
    items.sort(key=lambda item: (_rank(item), _group(item) in waiting))


def _group(item):
    return item.get_closest_marker("xdist_group").args[0]


def _rank(item):
    if _group(item) == item.location[0]:
        return 1
    return 2 if "xdist_group" in [marker.name for marker in item.own_markers] else 0


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """The files and the output of a first start, made once for all workers."""
    own = tmp_path_factory.getbasetemp()
    home = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "prepared"
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "password").exists():
            with Site(home, preloaded=False) as site:
                said = {"url": site.url, "iris": json.loads(site.get("/models/iris")[1])}
            said["output"] = site.output()
            (home / "first_start.json").write_text(json.dumps(said))
            (password,) = re.findall(r"the password (\S+) ", said["output"])
            with closing(sqlite3.connect(home / "db.sqlite3")) as database, database:
                quick = QuickHasher().encode(password, "salt")
                database.execute("UPDATE auth_user SET password = ?", [quick])
            (home / "password").write_text(password)
    return home


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix():
    """Add no name of the worker: the database in memory is its own."""


@pytest.fixture(scope="session", autouse=True)
def _fast_disk():
    """Do not wait for the disk: no test loses power."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture
def models_dir(settings, tmp_path):
    """An empty MODELS_DIR, and a process that has loaded nothing."""
    settings.MODELS_DIR = tmp_path / "models"
    get_store.cache_clear()
    yield settings.MODELS_DIR
    get_store.cache_clear()


def pytest_collection_finish():
    """Keep the garbage collector from all that was imported: none of it ever goes."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def migrated(django_db_setup, django_db_blocker, tmp_path_factory):
    """A database of the site in a file, with its tables, for processes that share a copy."""
    path = tmp_path_factory.mktemp("migrated") / "db.sqlite3"
    with django_db_blocker.unblock(), closing(sqlite3.connect(path)) as file:
        connection.ensure_connection()
        connection.connection.backup(file)
    return path


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """The files and the inspection of a registration, made once for each model."""

    @cache
    def written(name):
        fitted, place = recipes.fit(name), tmp_path_factory.mktemp(name)
        found, origin = write(fitted, place)
        return fitted, place, found, origin

    return written


@pytest.fixture(scope="session")
def fitted(written):
    """The default model as its recipe fits it."""
    return written("iris")[0]


@pytest.fixture
def register(db, models_dir, written):
    """Register a bundled model like `registry.train`, with files that were made before."""

    def register(name="iris", recipe="iris"):
        _, place, found, origin = written(recipe)
        with storage.staging() as staged:
            shutil.copytree(place, staged, dirs_exist_ok=True)
            return registration.admit(name, staged, found, origin)

    return register


@pytest.fixture
def iris(register, fitted):
    """Version 1 of iris: registered, live and loaded. The estimator is returned."""
    registry.promote(register())
    get_store()
    return fitted.estimator


@pytest.fixture
def penguins(register):
    """Version 1 of penguins, in addition to the other models."""
    registry.promote(register("penguins", recipe="penguins"))
    get_store().refresh()


@pytest.fixture
def api():
    return APIClient()


@pytest.fixture
def staff(db, django_user_model):
    sam = django_user_model.objects.create_user("sam", password="a long pass phrase", is_staff=True)
    sam.user_permissions.set(Permission.objects.filter(content_type__app_label="predictor"))
    return sam


@pytest.fixture
def staff_api(staff):
    client = APIClient()
    client.force_login(staff)
    return client
