"""The app in two Django sites that are not mlsite, each in a process with warnings as errors."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.serving import ROOT, START_S, python

# One worker makes the first site.
pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("foreign sites")]

DRIVER = ROOT / "tests" / "predictor" / "foreign_site.py"
DOCS = (ROOT / "docs" / "embedding.md").read_text()

JSON = {"content_type": "application/json"}
BROWSER = {"headers": {"accept": "text/html"}}
BASIC = {
    "authorization": f"Basic {base64.b64encode(b'admin:only for tests').decode()}",
}
CHECKS = [["check", "--fail-level", "WARNING"], ["makemigrations", "--check"], ["migrate"]]

BARE_SETTINGS = """
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "predictor",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "static/"
ROOT_URLCONF = "shop.urls"
OTHER_QUERY_PARAMETERS = ["api_key"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the others are slow
"""
BARE_URLS = """
from django.urls import include, path

urlpatterns = [path("", include("predictor.urls"))]
"""

# Appended to the settings of `startproject` and of the documentation.
STRICT_SETTINGS = """
ALLOWED_HOSTS = ["*"]
DATABASES["default"]["ATOMIC_REQUESTS"] = True
TIME_ZONE = "Europe/Zurich"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ENGINES = "scikit-learn"  # an upload is not compiled, which would take seconds
INSTALLED_APPS += ["drf_spectacular"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.URLPathVersioning",
    "ALLOWED_VERSIONS": ["api-1"],
}
"""


def run(home, commands, requests):
    """Run commands and requests in a project; return the responses."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {"PYTHONPATH": f"{ROOT}{os.pathsep}{home}", "DJANGO_SETTINGS_MODULE": "shop.settings"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(DRIVER)],
        input=json.dumps({"commands": commands, "requests": requests}),
        cwd=home,
        env=kept | own,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_S,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def post(path, body, **options):
    return {"method": "post", "path": path, "data": body, **JSON, **options}


def page(path, **options):
    return {"method": "get", "path": path, **BROWSER, **options}


# Request, status, part of the content or the whole of a JSON response.
BARE = [
    (post("/predict", {"X1": "61.1", "X2": "17.3"}), 200, {"prediction": 2}),
    (post("/models/iris/predict/", [{"X1": 5.1, "X2": 3.5}]), 200, {"predictions": [0]}),
    (post("/models/iris/versions/1/predict", {"X1": 5.1, "X2": 3.5}), 200, {"prediction": 0}),
    (post("/predict", {}, headers={"content-encoding": "gzip"}), 415, "without compression"),
    (post("/predict?api_key=1", {"X1": 5.1, "X2": 3.5}), 200, {"prediction": 0}),
    (post("/predict", '{"X1": 1e999, "X2": 1}'), 400, '{"X1":["'),
    (post("/predict", "[" * 100_000), 400, "The body is not JSON"),
    (post("/predict", '{"X1": "\\ud800", "X2": 1}'), 400, "The body is not JSON"),
    (post("/models/nope/predict", {}), 404, "There is no model nope"),
    (post("/models/iris/train", {}), 403, '{"detail":"'),
    ({"method": "get", "path": "/v2/health/ready"}, 200, {"live": True, "ready": True}),
    (page("/models/"), 200, 'href="/models/iris/predict"'),
    (page("/models/iris"), 200, ">Sepal length (cm)</td>"),
    (page("/predict"), 200, 'name="X1"'),
    (page("/predict"), 200, '<a href="/predict/table">a table or a CSV file</a>'),
    (page("/predict/table"), 200, "Download as CSV</button>"),
    ({**page("/predict"), "method": "post", "data": {"X1": "5.1", "X2": "3.5"}}, 200, "prediction"),
    (page("/models/iris/versions/"), 200, "live"),
    (page("/models/iris/versions/1"), 200, "live"),
    (page("/models/iris/promote"), 403, "not provided"),
]


def documented(kind):
    return re.findall(rf"```{kind}\n(.*?)```", DOCS, re.DOTALL)


def documented_prediction():
    (body, path) = re.search(r"-d '(.*)' http://localhost:8000(\S+)", DOCS).groups()
    (response,) = re.findall(r"The response is `(.*)`", DOCS)
    return post(path, body, headers=BASIC), 200, json.loads(response)


ADMIN = "/admin/predictor"
STRICT = [
    documented_prediction(),
    (post("/ml/predict", {"X1": "61.1", "X2": "17.3"}), 401, '{"detail":"'),
    (
        page("/ml/models/iris", headers=BASIC | BROWSER["headers"]),
        200,
        'href="/ml/models/iris/predict"',
    ),
    (
        {
            "method": "post",
            "path": "/ml/models/iris/versions/",
            "data": {"promote": "true"},
            "files": {"artifact": "models/iris/1/model.skops"},
            "headers": BASIC,
        },
        201,
        '"version":2,"state":"live"',
    ),
    (post("/ml/models/iris/rollback", {}, headers=BASIC), 200, '"live_version":1'),
    (post("/ml/models/iris/promote", {"version": 2}, headers=BASIC | BROWSER["headers"]), 303, ""),
    (page("/ml/models/iris/promote", headers=BASIC | BROWSER["headers"]), 200, 'name="version"'),
    (page(f"{ADMIN}/registeredmodel/1/change/", staff=True), 200, "Roll back to version 1"),
    (page(f"{ADMIN}/modelversion/1/change/", staff=True), 200, "/1/promote/"),
    (page(f"{ADMIN}/modelversion/add/", staff=True), 200, "Fitted estimator"),
    (page(f"{ADMIN}/modelversion/1/promote/", staff=True), 200, "Make version 1 of iris live?"),
    (
        {
            "method": "post",
            "path": f"{ADMIN}/modelversion/1/promote/",
            "data": {"why": ""},
            "staff": True,
        },
        302,
        "",
    ),
    (page(f"{ADMIN}/event/", staff=True), 200, "Promotion"),
    ({"method": "get", "path": "/ml/predict", "headers": BASIC}, 200, '"live_version":1'),
]


def check(table, responses):
    for (request, status, content), response in zip(table, responses, strict=True):
        assert response["status"] == status, (request, response)
        if isinstance(content, dict):
            assert json.loads(response["content"]) == content, request
        else:
            assert content in response["content"], (request, response)


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The project with the fewest apps, and its responses."""
    home = tmp_path_factory.mktemp("bare")
    (home / "shop").mkdir()
    (home / "shop" / "settings.py").write_text(BARE_SETTINGS)
    (home / "shop" / "urls.py").write_text(BARE_URLS)
    responses = run(home, [*CHECKS, ["train", "iris"]], [request for request, *_ in BARE])
    return home, responses


def test_a_site_with_the_fewest_apps_predicts_and_has_pages(bare):
    _, responses = bare
    check(BARE, responses)


def test_a_project_of_startproject_that_follows_the_documentation(bare, tmp_path):
    home, _ = bare
    made = python(tmp_path, "-m", "django", "startproject", "shop", str(tmp_path))
    assert made.returncode == 0, made.stderr
    for name, snippet in zip(("settings", "urls", "wsgi"), documented("python"), strict=True):
        with (tmp_path / "shop" / f"{name}.py").open("a") as file:
            file.write(snippet + (STRICT_SETTINGS if name == "settings" else ""))
    shutil.copytree(home / "models", tmp_path / "models")
    schema = ["spectacular", "--format", "openapi-json", "--file", "schema.json"]
    commands = [["sync"], ["promote", "iris", "1"], schema]
    check(STRICT, run(tmp_path, [*CHECKS, *commands], [request for request, *_ in STRICT]))
    assert "/ml/models/{name}/predict" in (tmp_path / "schema.json").read_text()
