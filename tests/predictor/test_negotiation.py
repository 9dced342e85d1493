"""Content negotiation of predictions."""

import json

import pytest

from tests.browser_requests import BROWSER

ROW = json.dumps({"X1": "61.1", "X2": "17.3"})


pytestmark = pytest.mark.usefixtures("iris")


def post(client, path="/predict", **headers):
    return client.post(path, ROW, content_type="application/json", **headers)


def test_a_format_in_the_address_counts_for_that_request_alone(client):
    assert post(client, "/predict?format=json", **BROWSER)["Content-Type"] == "application/json"
    assert post(client, **BROWSER)["Content-Type"].startswith("text/html")
    assert post(client)["Content-Type"] == "application/json"
    assert post(client, "/predict?format=api")["Content-Type"].startswith("text/html")
    assert post(client)["Content-Type"] == "application/json"


NOT_ACCEPTABLE = (
    b'{"detail":"Could not satisfy the request Accept header. '
    b'Available: application/json, text/html."}'
)


@pytest.mark.parametrize(
    ("accept", "status", "content"),
    [
        ("*/*", 200, b'{"prediction":2}'),
        ("application/json", 200, b'{"prediction":2}'),
        ("application/json; indent=2", 200, b'{\n  "prediction": 2\n}'),
        ("image/png", 406, NOT_ACCEPTABLE),
    ],
)
def test_the_accept_header_chooses_the_format(client, accept, status, content):
    answer = post(client, HTTP_ACCEPT=accept)
    assert answer.status_code == status
    assert answer.content == content
    assert answer["Content-Type"] == "application/json"


def test_the_headers_are_those_of_every_answer(client):
    good, bad = post(client), client.post("/predict", "{}", content_type="application/json")
    for answer in (good, bad):
        assert {name: answer[name] for name in ("Allow", "Vary")} == {
            "Allow": "GET, POST, HEAD, OPTIONS",
            "Vary": "Accept, Cookie, Authorization",
        }
    assert (good["X-Model"], good["X-Model-Version"]) == ("iris", "1")
    assert bad.status_code == 400


def test_a_prediction_asks_no_database(client, django_assert_num_queries):
    post(client)
    with django_assert_num_queries(0):
        assert post(client).status_code == 200
