"""Optional columns, times and categories over HTTP: card, form, schema and answers."""

import io

import numpy as np
import orjson
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from predictor import registry
from predictor.core.codec import JSON_ROWS
from predictor.core.columns import Column
from predictor.fast_path.wrapper import Kind, predict
from predictor.models import ModelVersion
from predictor.recipes import Fitted
from predictor.registry.promotion import find_differences
from predictor.runtime.store import get_store
from tests.predictor import fitted

pytestmark = pytest.mark.xdist_group("optional columns")

URL = "/models/churn/predict"
N = 30
TABLE = pd.DataFrame(
    {
        "client": np.arange(N) + 7,
        "seen": pd.date_range("2024-03-30T12:00", periods=N, freq="h", tz="Europe/Oslo", unit="us"),
        "plan": pd.Categorical(["a", "b", "c"] * 10),
        "born": pd.date_range("1980-01-01", periods=N, unit="s"),
        "tags": [["x"], {"y": 1}, None] * 10,
    }
)
ROW = {"seen": "2024-03-31T03:30:00+02:00", "plan": "b", "born": "1980-01-05"}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    parts = make_column_transformer(
        (StandardScaler(), ["seen"]),
        (StandardScaler(), ["born"]),
        (OneHotEncoder(handle_unknown="ignore"), ["plan"]),
    )
    estimator = make_pipeline(parts, LogisticRegression()).fit(TABLE, np.arange(N) % 2)
    churn = Fitted(
        estimator,
        TABLE,
        tuple(Column(name, f"Meaning of {name}") for name in TABLE),
        "Whether a client leaves",
        {},
    )
    place = tmp_path_factory.mktemp("churn")
    return lambda _name: (churn, place, *fitted.write(churn, place))


@pytest.fixture
def churn(register):
    registry.promote(register("churn", recipe="churn"))
    get_store()


def expected(estimator, **row):
    row["plan"] = row["plan"] if row["plan"] in "abc" else None
    frame = pd.DataFrame([row]).reindex(columns=TABLE.columns)
    return estimator.predict_proba(frame.astype(TABLE.drop(columns="tags").dtypes))[0].tolist()


def probabilities(api, row):
    response = api.post(f"{URL}?outputs=predict_proba", row)
    assert response.status_code == 200, response.json()
    return list(response.json()["probabilities"].values())


@pytest.mark.usefixtures("churn")
def test_rows_need_no_optional_columns(api, written):
    estimator = written("churn")[0].estimator
    at = pd.Timestamp("2024-03-31T01:30:00Z")
    answer = expected(estimator, client=1, seen=at, plan="b", born=pd.Timestamp("1980-01-05"))
    np.testing.assert_allclose(probabilities(api, ROW), answer, rtol=1e-9)
    for extra in ({"client": 9, "tags": ["x"]}, {"client": "unknown", "tags": None}):
        np.testing.assert_allclose(probabilities(api, ROW | extra), answer, rtol=1e-9)
    for seen in ("2024-03-31T01:30", "2024-03-30T22:00:00-03:30"):
        np.testing.assert_allclose(probabilities(api, ROW | {"seen": seen}), answer, rtol=1e-9)
    unknown = expected(estimator, client=1, seen=at, plan="z", born=pd.Timestamp("1980-01-05"))
    np.testing.assert_allclose(probabilities(api, ROW | {"plan": "z"}), unknown, rtol=1e-9)


@pytest.mark.usefixtures("churn")
def test_the_fast_path_answers_the_same(api):
    kind = Kind(JSON_ROWS, "churn", None, "predict_proba", {})
    for rows in (ROW, [ROW, ROW | {"client": "x", "plan": None}], [], ROW | {"born": "1980"}):
        body = orjson.dumps(rows)
        answer = predict(kind, {"wsgi.input": io.BytesIO(body)}, len(body))
        response = api.post(f"{URL}?outputs=predict_proba", rows)
        assert (answer is None) == (response.status_code != 200)
        if answer:
            assert orjson.loads(answer.content) == response.json()


@pytest.mark.usefixtures("churn")
def test_a_rejection_names_the_column_the_row_and_the_example(api):
    wrong = ROW | {"seen": "31.03.2024", "born": "1980-01-05T00:00:00Z"}
    response = api.post(URL, [ROW, wrong])
    assert (response.status_code, response.json()) == (
        400,
        {
            "seen": [
                (
                    "Row at index 1: Expected an ISO 8601 time, such as 2024-03-30T12:00:00+01:00, "
                    "or null; got a string that is not an ISO 8601 date or time."
                )
            ],
            "born": [
                (
                    "Row at index 1: Expected an ISO 8601 time without a time zone, such as "
                    "1980-01-01T00:00:00, or null; got a time with a time zone."
                )
            ],
        },
    )


@pytest.mark.usefixtures("churn")
def test_values_outside_the_sample_are_reported(api):
    row = ROW | {"seen": "2024-04-05T00:00Z", "client": -5, "plan": "z"}
    response = api.post(f"{URL}?range=report", row)
    assert response.headers["X-Out-Of-Range"] == "seen, plan"
    assert api.post(f"{URL}?range=refuse", row).json() == {
        "seen": [
            (
                "Expected a time from 2024-03-30T12:00:00+01:00 to 2024-03-31T18:00:00+02:00, as "
                "in the sample; got 2024-04-05T02:00:00+02:00."
            )
        ],
        "plan": ["Expected one of a, b, c, as in the sample; got z."],
    }


@pytest.mark.usefixtures("churn")
def test_the_cards_describe_the_columns(api):
    card = api.get("/models/churn/").json()["inputs"]
    assert api.get("/models/churn/versions/1/").json()["inputs"] == card
    client, seen, plan, born, tags = card
    assert [column["required"] for column in card] == [False, True, True, True, False]
    assert seen == {
        "name": "seen",
        "description": "Meaning of seen",
        "dtype": "datetime64[us, Europe/Oslo]",
        "kind": "datetime",
        "required": True,
        "nullable": True,
        "range": ["2024-03-30T12:00:00+01:00", "2024-03-31T18:00:00+02:00"],
        "example": "2024-03-30T12:00:00+01:00",
    }
    assert (born["dtype"], tags["dtype"]) == ("datetime64[s]", "object")
    assert plan["categories"] == ["a", "b", "c"]
    assert "closed" not in plan
    assert client["range"] == [7.0, 36.0]


@pytest.mark.usefixtures("churn")
def test_the_schema_describes_the_columns(api):
    schema = api.get("/schema/?format=json").json()
    operation = schema["paths"]["/models/{name}/predict/"]["post"]
    body = operation["requestBody"]["content"]
    (name,) = body["application/json"]["schema"]["anyOf"][0].values()
    row = schema["components"]["schemas"][name.rpartition("/")[2]]
    assert row["required"] == ["seen", "plan", "born"]
    properties = row["properties"]
    assert properties["client"] == {
        "description": "Meaning of client. Not used by the model. Any value is accepted."
    }
    assert properties["seen"] == {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "Meaning of seen",
        "examples": ["2024-03-30T12:00:00+01:00"],
    }
    assert properties["born"]["format"] == "date-time-local"
    (example,) = body["application/json"]["examples"].values()
    assert set(example["value"]) == {"seen", "plan", "born"}


@pytest.mark.usefixtures("churn")
def test_the_form_has_inputs_for_the_used_columns(api):
    headers = {"Accept": "text/html"}
    page = api.get("/models/churn/predict", headers=headers).content.decode()
    assert 'type="datetime-local"' in page
    assert 'value="2024-03-30T11:00:00"' in page
    assert "The time is in UTC." in page
    assert "Meaning of plan; seen: a, b, c." in page
    assert 'name="client"' not in page
    assert "The model does not use the columns client, tags." in page
    form = {"seen": "2024-03-31T01:30", "plan": "b", "born": "1980-01-05T00:00"}
    options = {"format": "multipart", "headers": headers}
    answer = api.post(URL, form, **options)
    assert answer.status_code == 200
    assert api.post(URL, form, format="multipart").json() == api.post(URL, ROW).json()
    refused = api.post(URL, form | {"seen": "soon"}, **options)
    assert refused.status_code == 400
    assert "got a string that is not an ISO 8601 date or time" in refused.content.decode()
    card = api.get("/models/churn/", headers=headers).content.decode()
    assert "int64, not used" in card


@pytest.mark.usefixtures("churn")
def test_the_admin_shows_a_version_with_times(admin_client):
    version = ModelVersion.objects.get(model__name="churn")
    page = admin_client.get(f"/admin/predictor/modelversion/{version.pk}/change/")
    seen = next(c for c in version.signature["columns"] if c["name"] == "seen")
    assert " to ".join(seen["range"]) in page.content.decode()


@pytest.mark.usefixtures("churn")
def test_a_promotion_does_not_ask_for_columns_that_need_not_be_sent():
    new, live = (ModelVersion.objects.get(model__name="churn") for _ in range(2))
    kept = [column for column in live.signature["columns"] if column["name"] == "born"]
    live.signature = live.signature | {"columns": kept}
    assert find_differences(live, new) == ["Clients must send new columns: plan, seen."]
