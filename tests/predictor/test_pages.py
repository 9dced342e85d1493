"""Pages of models, made from whatever a model's signature says."""

import re

import pytest

from predictor import registry
from predictor.core.signature import Column
from predictor.models import ModelVersion
from predictor.recipes import Fitted
from predictor.store import loaded

BROWSER = {"HTTP_ACCEPT": "text/html"}


def serve_odd(fitted, columns):
    odd = Fitted(fitted.estimator, fitted.X, columns, "Odd.", {"accuracy": 0.5})
    registry.promote(registry.register("odd", odd))
    loaded().refresh()


def test_a_column_of_any_name_and_meaning_is_an_input(api, iris, fitted):
    columns = [Column("sepal length (cm)", "<b>bold</b> & long"), Column('a"b/c')]
    serve_odd(fitted, columns)
    page = api.get("/models/odd/predict", **BROWSER).content.decode()
    assert 'name="sepal length (cm)"' in page
    assert 'name="a&quot;b/c"' in page
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; long" in page
    ids = re.findall(r'<input id="(field-[^"]*)"', page)
    assert ids == ["field-sepal%20length%20%28cm%29", "field-a%22b%2Fc"]
    for each in ids:
        assert f'<label for="{each}"' in page
        assert f'aria-describedby="{each}-help"' in page
        assert f'id="{each}-help"' in page


def test_a_model_without_a_live_version_offers_no_prediction(api, iris):
    ModelVersion.objects.update(state=ModelVersion.State.READY)
    loaded().refresh()
    for address in ("/models/iris/", "/models/", "/"):
        response = api.get(address, **BROWSER)
        assert response.status_code == 200
        assert b"Try iris" not in response.content
    response = api.get("/models/iris/predict", **BROWSER)
    assert response.status_code == 200
    assert b"<textarea" not in response.content


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_model_that_is_not_there_has_a_page_without_a_form(api, iris, method):
    response = getattr(api, method)("/models/nope/predict", {}, **BROWSER)
    assert response.status_code == 404
    assert b"There is no model nope" in response.content
    assert b"<textarea" not in response.content


def test_a_body_of_another_type_is_a_page_too(api, iris):
    response = api.post("/predict", "X1=1", content_type="text/plain", **BROWSER)
    assert response.status_code == 415
    assert b"Unsupported media type" in response.content


def test_a_form_of_a_signed_in_user_is_read(staff, client, iris):
    client.force_login(staff)
    response = client.post("/predict", {"X1": "61.1", "X2": "17.3"})
    assert (response.status_code, response.json()) == (200, {"prediction": 2})


def test_an_empty_input_is_a_missing_column(client, iris):
    response = client.post("/predict", {"X1": "61.1", "X2": ""})
    assert response.status_code == 400
    assert response.json() == {"X2": ["This column is missing."]}


@pytest.mark.parametrize("column", ["items", "detail", "keys"])
def test_a_column_named_like_a_method_of_python_is_no_trouble(api, iris, fitted, column):
    columns = [Column(column), Column("X2")]
    serve_odd(fitted, columns)
    response = api.post("/models/odd/predict", {}, format="multipart", **BROWSER)
    assert response.status_code == 400
    assert b"This column is missing." in response.content
