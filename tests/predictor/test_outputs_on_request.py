"""Outputs that are served on request: logarithms of probabilities, and standard deviations."""

import numpy as np
import pandas as pd
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor

from predictor import registry
from predictor.core.signature import Column
from predictor.recipes import Fitted
from predictor.runtime.store import get_store
from tests.predictor.fitted import register as register_fitted

pytestmark = pytest.mark.xdist_group("penguins")

X = np.random.default_rng(0).normal(size=(20, 2))
PROCESS = GaussianProcessRegressor(optimizer=None).fit(X, X[:, 0])
URL = "/models/process/predict"
ROW = {"a": 0.25, "b": -1.5}


@pytest.fixture
def process(iris):
    """A Gaussian process: registered, live and loaded."""
    fitted = Fitted(PROCESS, X, (Column("a"), Column("b")), "", {})
    registry.promote(register_fitted("process", fitted))
    get_store().refresh()


@pytest.fixture(scope="module")
def penguin_rows(written):
    """Rows of penguins, as JSON and as the estimator reads them."""
    fitted, *_ = written("penguins")
    rows = fitted.X.iloc[:3]
    return rows.astype(object).where(rows.notna(), None).to_dict("records"), rows


def test_a_standard_deviation_is_returned_on_request(api, process):
    card = api.get("/models/process/").json()
    assert card["outputs"] == ["predict", "predict_std"]
    mean, std = PROCESS.predict([[0.25, -1.5]], return_std=True)
    assert api.post(URL, ROW).json() == {"prediction": mean[0]}
    outputs = "?outputs=predict,predict_std"
    assert api.post(f"{URL}{outputs}", ROW).json() == {"prediction": mean[0], "std": std[0]}
    (mean, *_), (std, *_) = PROCESS.predict([[0.25, -1.5], [1.0, 1.0]], return_std=True)
    answer = api.post(f"{URL}{outputs}", [ROW, {"a": 1, "b": 1}]).json()
    assert (answer["predictions"][0], answer["std"][0]) == (mean, std)
    assert api.post(f"{URL}?outputs=predict_std", []).json() == {"std": []}


def test_logarithms_of_probabilities_are_those_of_the_estimator(
    api, penguins, written, penguin_rows
):
    rows, table = penguin_rows
    estimator = written("penguins")[0].estimator
    url = "/models/penguins/predict"
    card = api.get("/models/penguins/").json()
    assert card["outputs"][-1] == "predict_log_proba"
    assert list(api.post(url, rows).json()) == ["predictions"]
    answer = api.post(f"{url}?outputs=predict_log_proba", rows).json()["log_probabilities"]
    expected = pd.DataFrame(estimator.predict_log_proba(table), columns=estimator.classes_)
    assert answer == expected.to_dict("records")
    single = api.post(f"{url}?outputs=predict_log_proba", rows[0]).json()["log_probabilities"]
    assert list(single) == list(estimator.classes_)


def test_loading_a_compiled_version_starts_no_estimator_process(penguins):
    model = get_store().get("penguins")
    assert set(model.row_sizes) == {"predict", "predict_proba", "decision_function"}


def test_a_model_without_such_an_output_says_so(api, process, penguins):
    sentence = "The outputs are predict, predict_std; got predict_log_proba."
    response = api.post(f"{URL}?outputs=predict_log_proba", ROW)
    assert (response.status_code, response.json()) == (400, {"outputs": [sentence]})
    response = api.post("/models/penguins/predict?outputs=predict_std", {})
    assert response.json()["outputs"][0].endswith("predict_log_proba; got predict_std.")


def test_pages_show_them(api, process):
    page = api.get("/models/process/", HTTP_ACCEPT="text/html").content.decode()
    assert "<code>predict_std</code>" in page
    page = api.post(f"{URL}?outputs=predict_std", ROW, HTTP_ACCEPT="text/html").content.decode()
    assert "<dt>Std</dt>" in page


def test_the_api_schema_describes_them(api, process, penguins):
    operation = api.get("/schema/").json()["paths"]["/models/{name}/predict/"]["post"]
    outputs = next(each for each in operation["parameters"] if each["name"] == "outputs")
    assert {"predict_log_proba", "predict_std"} <= set(outputs["schema"]["items"]["enum"])
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert {"log_probabilities", "std"} <= answer["properties"].keys()
