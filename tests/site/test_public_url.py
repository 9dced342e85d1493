"""PUBLIC_URL: behind a proxy that ends TLS, everything is https."""

import json
import shutil

import pytest

from tests.serving import python

pytestmark = pytest.mark.xdist_group("public_url")

PROGRAM = """
import json, sys, django
django.setup()
from django.test import Client
def seen(path, **headers):
    response = Client().get(path, headers=headers)
    return {"status": response.status_code} | {k.lower(): v for k, v in response.items()} | {
        "cookie " + name: {k: v for k, v in cookie.items() if v}
        for name, cookie in response.cookies.items()
    }
host = {"host": "models.example.org"}
answers = {
    "plain": seen("/1", **host),
    "health": seen("/v2/health/live", **host),
    "https": seen("/1", **host, x_forwarded_proto="https"),
    "login": seen("/admin/login/", **host, x_forwarded_proto="https"),
    "links": {
        path: Client().get(path, headers=host | {"x-forwarded-proto": "https"}).json()
        for path in ("/", "/tasks/?page_size=1")
    },
    "location": Client().post(
        "/tasks/", {"title": "a"}, "application/json", headers=host | {"x-forwarded-proto": "https"}
    )["Location"],
    "local": seen("/v2/health/live", host="127.0.0.1"),
}
with open(sys.argv[1], "w") as file:
    json.dump(answers, file)
"""


@pytest.fixture(scope="module")
def seen(prepared, tmp_path_factory):
    variables = {"PUBLIC_URL": "https://models.example.org", "API_ACCESS": "open"}
    home = shutil.copytree(prepared, tmp_path_factory.mktemp("public") / "home")
    variables["DJANGO_SETTINGS_MODULE"] = "mlsite.settings"
    answers = home / "answers.json"
    done = python(home, "-c", PROGRAM, str(answers), **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(answers.read_text())


def test_http_is_sent_to_https(seen):
    assert seen["plain"]["status"] == 301
    assert seen["plain"]["location"] == "https://models.example.org/1"


def test_health_is_answered_without_a_detour(seen):
    assert seen["health"]["status"] == 200
    assert seen["local"]["status"] == 200


def test_https_stays_https(seen):
    assert seen["https"]["status"] == 200
    assert seen["https"]["strict-transport-security"] == "max-age=31536000"


def test_cookies_are_for_https_only(seen):
    assert seen["login"]["cookie csrftoken"]["secure"] is True


def test_links_name_the_public_address_behind_a_proxy(seen):
    home, tasks = seen["links"].values()
    assert home["predict"] == "https://models.example.org/predict"
    assert tasks["results"][0]["url"] == "https://models.example.org/tasks/1"
    assert tasks["next"].startswith("https://models.example.org/tasks/?")
    assert seen["location"] == "https://models.example.org/tasks/3"
