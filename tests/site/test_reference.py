"""The API reference at /schema/: operations by subject with examples that run, and objects."""

import re
import shlex
from html import unescape

import pytest

from mlsite import reference
from predictor import registry
from predictor.core.model_name import NAME_RULE
from predictor.runtime.store import get_store
from tasks.models import Task
from tests.browser_requests import BROWSER

pytestmark = pytest.mark.xdist_group("penguins")


@pytest.fixture
def document(api, iris, penguins):
    return api.get("/schema/").json()


def test_every_operation_has_a_subject_and_one_line(document):
    subjects = reference.subjects(document, "http://testserver", "penguins")
    assert [subject.name for subject in subjects] == ["predict", "models", "tasks", "site"]
    operations = [one for subject in subjects for one in subject.operations]
    assert len(operations) == sum(map(len, document["paths"].values()))
    assert all(0 < len(one.summary) <= 80 for one in operations)
    lines = [(one.method, one.summary) for one in operations]
    assert len(set(lines)) == len(lines)


RUN = {
    *("GET /predict/", "GET /models/", "GET /models/iris/", "GET /models/iris/versions/1/"),
    *("POST /predict/", "POST /models/iris/predict/", "POST /models/iris/versions/1/predict/"),
    *("GET /tasks/", "POST /tasks/", "PUT /tasks/1/", "PATCH /tasks/1/", "GET /tasks/1/"),
    *("GET /", "GET /1/", "GET /metrics/", "GET /software/", "GET /v2/health/ready/"),
}


def test_the_examples_run(client, document):
    Task.objects.create(pk=1, title="first")
    ran = set()
    for subject in reference.subjects(document, "http://testserver", "iris"):
        for one in subject.operations:
            words = shlex.split(one.example)
            url = words[-1].removeprefix("http://testserver")
            if f"{one.method} {url}" in RUN:
                body = words[words.index("-d") + 1] if "-d" in words else ""
                done = client.generic(one.method, url, body, content_type="application/json")
                assert done.status_code in {200, 201}, (one.example, done.content)
                ran.add(f"{one.method} {url}")
    assert ran == RUN


def test_the_page_shows_them_and_its_links_lead_somewhere(api, document):
    html = api.get("/schema/", **BROWSER).content.decode()
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
    assert '-d \'{"X1": 5.1, "X2": 3.5}\' http://testserver/models/iris/predict/' in unescape(html)
    assert "<code>report</code>" in html


def test_the_page_of_options_has_no_reference(api, iris):
    response = api.options("/schema/", **BROWSER)
    assert response.status_code == 200
    assert '<th scope="row">renders</th>' in response.content.decode()


def test_the_page_describes_one_model(api, document):
    def page(query=""):
        return unescape(api.get(f"/schema/{query}", **BROWSER).content.decode())

    assert 'id="object-IrisRow"' in page()
    assert 'id="object-PenguinsRow"' not in page()
    penguins = page("?model=penguins")
    assert 'id="object-PenguinsRow"' in penguins
    assert "http://testserver/models/penguins/predict/" in penguins
    assert '"X2": 3.5}\' http://testserver/predict/' in penguins  # the default model's


def test_the_page_describes_a_live_model_if_the_default_model_is_not_live(api, iris, settings):
    settings.DEFAULT_MODEL = "nothing"
    page = api.get("/schema/", **BROWSER).content.decode()
    assert 'those of the model <a href="/models/iris">iris</a>' in page
    registry.unpublish("iris")
    get_store().refresh()
    page = api.get("/schema/", **BROWSER).content.decode()
    assert "those of the model" not in page
    assert "http://testserver/models/NAME/predict/" in page


def test_a_document_may_describe_one_model(api, document):
    def rows(query):
        schemas = api.get(f"/schema/?format=json{query}").json()["components"]["schemas"]
        return [name for name in schemas if name.endswith("Row")]

    assert rows("") == ["IrisRow", "PenguinsRow"]
    assert rows("&model=iris") == ["IrisRow"]


@pytest.mark.parametrize(
    ("name", "status", "detail"),
    [
        ("nothing", 404, "There is no model nothing."),
        ("a%00", 400, f"'a\\x00' is not a model name. {NAME_RULE}"),  # PostgreSQL refuses it
    ],
)
def test_a_document_of_no_model_is_refused(api, db, name, status, detail):
    response = api.get(f"/schema/?model={name}")
    assert (response.status_code, response.json()) == (status, {"detail": detail})


@pytest.mark.parametrize(
    ("schema", "words", "name"),
    [
        ({"type": ["integer", "null"]}, "integer or null", ""),
        ({"type": "string", "format": "date-time"}, "string (date-time)", ""),
        ({"enum": ["a", 1]}, '"a" or 1', ""),
        ({"type": "array", "items": {"$ref": "#/components/schemas/A"}}, "list of A", "A"),
        ({"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]}, "A or null", "A"),
        ({}, "any value", ""),
    ],
)
def test_a_type_is_stated_in_words(schema, words, name):
    assert (reference.type_name(schema), reference.object_name(schema)) == (words, name)
