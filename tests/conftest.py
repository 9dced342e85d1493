"""Real parts for every test: an estimator fitted once, a database, a store of loaded models."""

import fcntl
import json
import os
import re
import shutil

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from predictor import recipes, registry
from predictor.core import artifacts
from predictor.core.engines.compiling import compile_
from predictor.intake import Found
from predictor.registry import files, writing
from predictor.store import loaded
from tests.serving import Site

# Modules and packages that share a server or a browser. Each group runs in one worker, lest every
# worker start its own.
SHARED = {
    "tests/browser/": "browser",
    "tests/site/test_docs.py": "docs",
    "tests/site/test_http.py": "site",
    "tests/site/test_notebook.py": "site",
    "tests/site/test_seed.py": "site",
    "tests/site/test_serve.py": "site",
    "tests/tasks/test_processes.py": "tasks",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Send a group to one worker, and each other test to the next that is free."""
    from xdist.scheduler import LoadScopeScheduling

    class Grouped(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            groups = (SHARED[place] for place in SHARED if nodeid.startswith(place))
            return next(groups, nodeid)

    return Grouped(config, log)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """The files that a first start makes from nothing, once for all workers, and what it said."""
    own = tmp_path_factory.getbasetemp()
    home = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "prepared"
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "password").exists():
            with Site(home) as site:
                said = {"url": site.url, "iris": json.loads(site.get("/models/iris")[1])}
            said["output"] = site.output()
            (home / "first_start.json").write_text(json.dumps(said))
            (password,) = re.findall(r"the password (\S+) ", said["output"])
            (home / "password").write_text(password)
    return home


@pytest.fixture(scope="session")
def fitted():
    """The default model as its recipe fits it."""
    return recipes.fit("iris")


@pytest.fixture
def models_dir(settings, tmp_path):
    """An empty MODELS_DIR, and a process that has loaded nothing."""
    settings.MODELS_DIR = tmp_path / "models"
    apps.get_app_config("predictor").__dict__.pop("store", None)
    yield settings.MODELS_DIR
    apps.get_app_config("predictor").__dict__.pop("store", None)


@pytest.fixture(scope="session")
def written(fitted, tmp_path_factory):
    """The files that a registration of the default model writes, and what it finds."""
    place = tmp_path_factory.mktemp("written")
    path = place / writing.ARTIFACT
    signature = artifacts.save(fitted.estimator, path, fitted.X, columns=fitted.columns)
    compilation = compile_(fitted.estimator, signature, fitted.X)
    return place, Found(
        path.name,
        "skops",
        signature.to_json(),
        artifacts.fitted_with(),
        engines=compilation.report,
        compiled=compilation.write(place),
    )


@pytest.fixture
def register(db, models_dir, fitted, written):
    """Register the default model as `registry.register` does, of files that are there already."""
    place, found = written

    def register(name="iris", by=None):
        with files.staging() as staged:
            shutil.copytree(place, staged, dirs_exist_ok=True)
            origin = writing.Origin("training", by, fitted.description, metrics=fitted.metrics)
            return writing.admit(name, staged, found, origin)

    return register


@pytest.fixture
def iris(register, fitted):
    """Version 1 of iris: registered, live and loaded. The estimator is returned."""
    registry.promote(register())
    loaded()
    return fitted.estimator


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
