"""Prometheus metrics of predictions, after each request."""

import re

import numpy as np
import pytest
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families
from sklearn.neighbors import KNeighborsRegressor

from predictor import registry
from predictor.core.signature import Column
from predictor.recipes import Fitted
from predictor.runtime.metrics import Space
from predictor.runtime.store import get_store
from tests.predictor.fitted import register as register_fitted

DOCS = settings.BASE_DIR / "docs" / "metrics.md"
DASHBOARD = settings.BASE_DIR / "deploy" / "grafana.json"
IRIS = {"model": "iris", "version": "1", "protocol": "rows"}
ROW = {"X1": "61.1", "X2": "17.3"}


@pytest.fixture
def told(api):
    """The value of a sample now, 0 before there is one."""

    def value(name, **labels):
        response = api.get("/metrics")
        assert response.status_code == 200
        assert response["Content-Type"].startswith("text/plain; version=")
        families = text_string_to_metric_families(response.content.decode())
        samples = [one for family in families for one in family.samples]
        return sum(one.value for one in samples if (one.name, one.labels) == (name, labels))

    return value


@pytest.fixture
def added(told):
    """The increase of a sample since the start of the test."""
    before = {}

    def growth(name, **labels):
        key = (name, tuple(labels.items()))
        now = told(name, **labels)
        return now - before.setdefault(key, now)

    return growth


@pytest.mark.parametrize("body", [ROW, [ROW, ROW, ROW], []])
def test_a_prediction_is_a_request_its_rows_and_its_time(api, iris, added, body):
    samples = [
        ("predictor_prediction_requests_total", IRIS | {"status": "200"}, 1),
        (
            "predictor_prediction_rows_total",
            IRIS | {"engine": "numpy"},
            len(body) if body != ROW else 1,
        ),
        ("predictor_prediction_seconds_count", IRIS, 1),
    ]
    for name, labels, _ in samples:
        added(name, **labels)
    assert api.post("/predict", body).status_code == 200
    assert [added(name, **labels) for name, labels, _ in samples] == [n for _, _, n in samples]


def test_rows_that_a_compiled_estimator_declines_are_those_of_the_estimator(
    api, models_dir, db, added
):
    X = np.arange(20.0).reshape(-1, 1)
    fitted = Fitted(KNeighborsRegressor().fit(X, X[:, 0]), X, (Column("x0"),), "", {})
    registry.promote(register_fitted("near", fitted))
    get_store().refresh()
    near = {"model": "near", "version": "1", "protocol": "rows"}
    engines = [near | {"engine": engine} for engine in ("numpy", "scikit-learn")]

    def grown():
        return [added("predictor_prediction_rows_total", **labels) for labels in engines]

    assert grown() == [0, 0]
    assert api.post("/models/near/predict", {"x0": 3.2}).status_code == 200
    assert grown() == [1, 0]
    for _ in range(3):  # too far away to tell neighbours apart
        assert api.post("/models/near/predict", [{"x0": 1e20}, {"x0": 3.2}]).status_code == 200
    assert grown() == [1, 6]


def test_a_refused_row_is_a_request_and_no_row(api, iris, added):
    refused = IRIS | {"status": "400"}
    rows = IRIS | {"engine": "numpy"}
    assert added("predictor_prediction_requests_total", **refused) == 0
    assert added("predictor_prediction_rows_total", **rows) == 0
    assert api.post("/predict", {"X1": "abc"}).status_code == 400
    assert added("predictor_prediction_requests_total", **refused) == 1
    assert added("predictor_prediction_rows_total", **rows) == 0


def test_a_name_that_is_no_model_makes_no_series(api, iris, added):
    nobody = {"model": "", "version": "", "protocol": "rows", "status": "404"}
    assert added("predictor_prediction_requests_total", **nobody) == 0
    assert api.post("/models/nobody-has-this-name/predict", ROW).status_code == 404
    assert added("predictor_prediction_requests_total", **nobody) == 1
    assert b"nobody-has-this-name" not in api.get("/metrics").content


def test_predictions_without_space_for_their_series_are_not_counted(
    api, iris, register, monkeypatch, told
):
    registry.promote(register())
    new = IRIS | {"version": "2"}
    monkeypatch.setattr(Space, "is_free", lambda: False)
    get_store().refresh()
    assert api.post("/predict", ROW)["X-Model-Version"] == "2"
    assert api.post("/predict", {"X1": "abc"}).status_code == 400
    names = ("predictor_prediction_requests_total", "predictor_prediction_seconds_count")
    monkeypatch.setattr(Space, "is_free", lambda: True)
    assert told(names[0], **new, status="200") == told(names[0], **new, status="400") == 0
    assert told(names[1], **new) == 0
    assert api.post("/predict", ROW).status_code == 200
    assert told(names[0], **new, status="200") == 1


def test_a_card_is_no_prediction(api, iris, added):
    counted = IRIS | {"status": "200"}
    assert added("predictor_prediction_requests_total", **counted) == 0
    assert api.get("/predict").status_code == 200
    assert added("predictor_prediction_requests_total", **counted) == 0


def test_the_version_served_and_one_that_cannot_be(api, iris, register, models_dir, told):
    assert told("predictor_live_version", model="iris") == 1
    assert told("predictor_live_version_not_loaded", model="iris") == 0
    second = register()
    registry.promote(second)
    (models_dir / "iris" / "2" / second.artifact).write_bytes(b"not what was registered")
    get_store().refresh()
    assert told("predictor_live_version", model="iris") == 1
    assert told("predictor_live_version_not_loaded", model="iris") == 1
    registry.unpublish("iris")
    get_store().refresh()
    assert told("predictor_live_version", model="iris") == 0
    assert told("predictor_live_version_not_loaded", model="iris") == 0


def test_an_unpublished_version_that_was_never_loaded_is_no_problem(register, models_dir, told):
    broken = register("broken")
    registry.promote(broken)
    (models_dir / "broken" / "1" / broken.artifact).write_bytes(b"not what was registered")
    get_store()
    assert told("predictor_live_version_not_loaded", model="broken") == 1
    registry.unpublish("broken")
    get_store().refresh()
    assert told("predictor_live_version_not_loaded", model="broken") == 0
    get_store().check()


def test_the_metrics_are_text_whatever_is_asked_for(api, db):
    for accept in ("*/*", "text/html", "application/openmetrics-text;version=1.0.0", "image/png"):
        response = api.get("/metrics", headers={"accept": accept})
        assert (response.status_code, response.content[:6]) == (200, b"# HELP")
    assert api.post("/metrics").json() == {"detail": 'Method "POST" not allowed. Allowed: GET.'}


def test_the_documentation_and_the_dashboard_name_what_there_is(api, iris):
    told = api.get("/metrics").content.decode()
    there = set(re.findall(r"# TYPE (predictor_\w+) ", told))
    documented = set(re.findall(r"^\| `(predictor_\w+)`", DOCS.read_text(), re.MULTILINE))
    assert documented == there
    sample = r"predictor_\w+?(?=_bucket|_sum|_count|[{)\\, ])"
    assert set(re.findall(sample, DASHBOARD.read_text())) == there
