"""Responses of each operation agree with its OpenAPI description, also for errors."""

import shutil

import pytest
from django.core.management import call_command
from django.utils.http import urlencode
from jsonschema import Draft202012Validator

from mlsite.accounts.login_throttle import PAIR
from predictor import registry
from predictor.runtime.store import get_store
from tasks.models import Task
from tests.browser_requests import FORM

pytestmark = pytest.mark.xdist_group("penguins")

HERE = {"name": "iris", "version": "1", "number": "1", "id": "1"}
ROW = {"X1": 5.9, "X2": 3.0}


OUTPUTS = {"outputs": "predict,predict_proba,decision_function"}

# Each operation with its parameters.
REQUESTS = {
    "GET /": {},
    "GET /{number}/": {},
    "GET /metrics/": {},
    "GET /models/": {},
    "GET /models/{name}/": {},
    "GET /models/{name}/predict/": {},
    "POST /models/{name}/predict/": {"data": [ROW, ROW], "query": OUTPUTS},
    "POST /models/{name}/promote/": {"data": {"version": 2, "why": "It is the best."}},
    "POST /models/{name}/rollback/": {},
    "POST /models/{name}/reset/": {},
    "POST /models/{name}/retire/": {"data": {"version": 3}},
    "POST /models/{name}/purge/": {"name": "spent", "data": {"version": 1}},
    "POST /models/{name}/unpublish/": {"name": "penguins", "data": {"why": "a mistake"}},
    "POST /models/{name}/train/": {"data": {"if_missing": True}},
    "GET /models/{name}/versions/": {},
    "POST /models/{name}/versions/": {"format": "multipart"},
    "GET /models/{name}/versions/{version}/": {},
    "GET /models/{name}/versions/{version}/predict/": {},
    "POST /models/{name}/versions/{version}/predict/": {"data": ROW, "query": OUTPUTS},
    "GET /predict/": {},
    "GET /software/": {},
    "POST /predict/": {"data": ROW},
    "GET /tasks/": {"query": {"page_size": 1}},
    "POST /tasks/": {"data": [{"title": "wash up", "priority": 3}]},
    "GET /tasks/{id}/": {},
    "PUT /tasks/{id}/": {"data": {"done": True}},
    "PATCH /tasks/{id}/": {"data": {"due_at": None}},
    "DELETE /tasks/{id}/": {},
    "DELETE /tasks/": {"query": {"done": "true"}},
    "GET /v2/health/live/": {},
    "GET /v2/health/ready/": {},
}

# Invalid requests for each operation.
WAYS_WITHOUT_BODY = (
    {"query": {"outputs": "none", "priority": "9", "search": 201 * "a"}},
    {"HTTP_IF_MATCH": "no tag"},
    {"HTTP_AUTHORIZATION": "Bearer unknown"},
    {"HTTP_SEC_FETCH_SITE": "cross-site"},
    {"name": "absent", "version": "99", "number": "3", "id": "99"},
    {"name": "NO-NAME"},
    {"HTTP_ACCEPT": "image/png"},
)
WAYS = (
    *WAYS_WITHOUT_BODY,
    {"data": b"{", "content_type": "application/json"},
    {"data": {"unknown": 1}},
    {"data": b"[{}]", "content_type": "application/json"},
    {"data": "a,b", "content_type": "text/csv"},
    {"CONTENT_LENGTH": "99999999999"},
    {"data": "a=1", "content_type": FORM, "HTTP_TRANSFER_ENCODING": "chunked"},
)

# Requests that conflict with the state, for each operation.
STATES = {
    ("GET /tasks/{id}/", 304): {"HTTP_IF_NONE_MATCH": "*"},
    ("GET /tasks/{id}/", 412): {"HTTP_IF_MATCH": '"another"'},
    ("PUT /tasks/{id}/", 412): {"HTTP_IF_MATCH": '"another"'},
    ("PATCH /tasks/{id}/", 412): {"HTTP_IF_MATCH": '"another"'},
    ("DELETE /tasks/{id}/", 412): {"HTTP_IF_MATCH": '"another"'},
    ("POST /tasks/", 410): {"HTTP_IDEMPOTENCY_KEY": "gone"},
    ("POST /tasks/", 422): {"HTTP_IDEMPOTENCY_KEY": "gone", "data": {"title": "another"}},
    ("DELETE /tasks/", 405): {"query": {}},
    ("POST /models/{name}/train/", 409): {"name": "spent", "data": {}},
    ("POST /models/{name}/promote/", 409): {"name": "spent", "data": {"version": 1}},
    ("POST /models/{name}/reset/", 409): {"name": "spent"},
    ("POST /models/{name}/retire/", 409): {"data": {"version": 1}},
    ("POST /models/{name}/purge/", 409): {"name": "iris", "data": {"version": 1}},
    ("POST /models/{name}/rollback/", 409): {},
    ("GET /models/{name}/versions/{version}/predict/", 409): {"name": "spent"},
    ("POST /models/{name}/versions/{version}/predict/", 409): {"name": "spent"},
    ("GET /predict/", 404): {},
    ("POST /predict/", 404): {},
}
# Of a site that is in load_error, or under attack.
RARE = {"429", "503"}


@pytest.fixture
def served(iris, penguins, register, db):
    """Three versions of iris, penguins, a model that is retired, and two tasks."""
    register()
    register()
    registry.retire(register("spent"))
    call_command("loaddata", "example_tasks", verbosity=0)


@pytest.fixture
def document(served, api):
    return api.get("/schema/").json()


@pytest.fixture
def ask(staff_api):
    """Return the answer to a request for an operation, changed in part."""

    def ask(operation, **changes):
        method, path = operation.split()
        request = {**HERE, **REQUESTS[operation], **changes}
        path = path.format(**{name: request.pop(name) for name in HERE})
        query = urlencode(request.pop("query", {}))
        if "content_type" in changes:
            request.pop("format", None)
        return getattr(staff_api, method.lower())(f"{path}?{query}", **request)

    return ask


def operation_of(document, operation):
    method, path = operation.split()
    return document["paths"][path][method.lower()]


def follow(document, part):
    """Return a part of the document, with its reference resolved."""
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    return document["components"][kind][name]


def types_of(document, operation):
    """Return the media types of a success."""
    responses = operation_of(document, operation)["responses"]
    (success,) = (response for code, response in responses.items() if code < "300")
    return success.get("content", ["*/*"])


def said_of(document, operation, response):
    """Return the violations of the document by a response."""
    said = operation_of(document, operation)["responses"].get(str(response.status_code))
    if said is None:
        return ["it is not in the document"]
    content = follow(document, said).get("content")
    if content is None:
        return ["it has a body"] if response.content else []
    media_type = response["Content-Type"].partition(";")[0]
    if media_type not in content:
        return [f"it is {media_type}"]
    body = response.content.decode() if media_type == "text/plain" else response.json()
    return errors(document, content[media_type]["schema"], body)


def errors(document, schema, value):
    whole = {**schema, "components": document["components"]}  # where references lead
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def test_every_operation_is_asked_here(document):
    operations = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert operations == set(REQUESTS)


def test_every_success_is_as_the_document_says(document, ask):
    for operation, request in REQUESTS.items():
        if operation == "POST /models/{name}/versions/":
            continue  # it takes seconds; tests/predictor/test_versions.py has it
        if data := request.get("data"):
            taken = operation_of(document, operation)["requestBody"]["content"]
            assert not errors(document, taken["application/json"]["schema"], data), operation
        response = ask(operation, HTTP_ACCEPT=", ".join(types_of(document, operation)))
        assert 200 <= response.status_code < 300, (operation, response.content)
        assert not said_of(document, operation, response), (operation, response.content)


def test_every_refusal_of_a_request_is_in_the_document_and_no_other(document, ask):
    for operation in REQUESTS:
        described = operation_of(document, operation)
        given = {str(code) for asked, code in STATES if asked == operation}
        for change in WAYS if "requestBody" in described else WAYS_WITHOUT_BODY:
            response = ask(operation, **change)
            if response.status_code >= 400:
                assert not said_of(document, operation, response), (operation, response.content)
                given.add(str(response.status_code))
        documented = {code for code in described["responses"] if code > "300"}
        assert documented - RARE == given - RARE, operation


def test_every_refusal_for_how_things_are_is_in_the_document(document, ask, settings):
    settings.DEFAULT_MODEL = "absent"
    (gone,) = ask("POST /tasks/", HTTP_IDEMPOTENCY_KEY="gone").json()
    Task.objects.filter(pk=gone["id"]).delete()
    for (operation, code), change in STATES.items():
        response = ask(operation, **change)
        assert response.status_code == code, (operation, code, response.content)
        assert not said_of(document, operation, response), (operation, code, response.content)


def test_too_many_failures_to_sign_in_are_in_the_document(document, ask):
    for _ in range(PAIR + 1):
        response = ask("GET /tasks/", HTTP_AUTHORIZATION="Basic c2FtOndyb25n")
    assert response.status_code == 429
    assert not said_of(document, "GET /tasks/", response), response.content


def test_a_model_that_cannot_be_served_is_in_the_document(document, ask, models_dir):
    shutil.rmtree(models_dir / "iris" / "1")
    get_store.cache_clear()
    for operation in ("GET /v2/health/ready/", "POST /predict/", "POST /models/{name}/predict/"):
        response = ask(operation)
        assert response.status_code == 503, operation
        assert not said_of(document, operation, response), response.content
