"""Files that skl2onnx makes of pipelines: accepted, with the results of the estimators."""

import numpy as np
import pandas as pd
import pytest
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    StandardScaler,
)

from predictor.core import artifacts

ROWS = 60
rng = np.random.default_rng(0)
X = rng.normal(size=(ROWS, 4)).astype(np.float32)
LABELS = np.arange(ROWS) % 3
TABLE = pd.DataFrame({"age": X[:, 0], "income": X[:, 1]}).assign(
    city=rng.choice(["Oslo", "Rome"], ROWS), grade=rng.choice(["a", "b", "c"], ROWS)
)
TARGET = X[:, 0] - X[:, 1]
NUMBERS, STRINGS = ["age", "income"], ["city", "grade"]


def columns(numbers=None, strings=None):
    return make_column_transformer(
        (numbers or StandardScaler(), NUMBERS), (strings or OneHotEncoder(), STRINGS)
    )


MODELS = {
    "columns, forest": (make_pipeline(columns(), RandomForestClassifier(3)), TABLE, LABELS),
    "columns, boosting": (
        make_pipeline(columns(strings=OrdinalEncoder()), GradientBoostingRegressor(n_estimators=3)),
        TABLE,
        TARGET,
    ),
    "columns, passed through": (
        make_pipeline(
            make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough"), Ridge()
        ),
        TABLE[["age", "income", "city"]],
        TARGET,
    ),
    "columns, first dropped": (
        make_pipeline(columns(strings=OneHotEncoder(drop="first")), LogisticRegression()),
        TABLE,
        LABELS,
    ),
    "columns, polynomial": (
        make_pipeline(columns(numbers=PolynomialFeatures()), Ridge()),
        TABLE,
        TARGET,
    ),
    "columns, quantiles": (
        make_pipeline(columns(numbers=QuantileTransformer(n_quantiles=10)), Ridge()),
        TABLE,
        TARGET,
    ),
    "projected, forest": (make_pipeline(PCA(2), RandomForestClassifier(3)), X, LABELS),
    "one against the rest": (OneVsRestClassifier(LogisticRegression()), X, LABELS),
    "naive Bayes": (GaussianNB(), X, LABELS),
    "boosted trees": (AdaBoostClassifier(n_estimators=3), X, LABELS),
    "isolation forest": (
        make_pipeline(StandardScaler(), IsolationForest(n_estimators=5, random_state=0)),
        X,
        None,
    ),
}


def convert(estimator, rows):
    if hasattr(rows, "columns"):
        kinds = {True: StringTensorType, False: FloatTensorType}
        types = [(name, kinds[name in STRINGS]([None, 1])) for name in rows.columns]
    else:
        types = [("X", FloatTensorType([None, rows.shape[1]]))]
    opsets = {"": 17, "ai.onnx.ml": 3}
    return to_onnx(estimator, initial_types=types, target_opset=opsets).SerializeToString()


@pytest.mark.filterwarnings("ignore")  # the converters use deprecated functions
@pytest.mark.parametrize("name", MODELS)
def test_a_converted_pipeline_predicts_like_the_estimator(name):
    estimator, rows, y = MODELS[name]
    estimator.fit(rows, y)
    ingested = artifacts.ingest(convert(estimator, rows), "model.onnx")
    assert len(ingested.signature.columns) == rows.shape[1]
    for method in ingested.signature.methods:
        expected = getattr(estimator, method)(rows)
        actual = getattr(ingested.estimator, method)(rows)
        if method == "predict" and y is not TARGET:
            np.testing.assert_array_equal(actual, expected)
        else:
            np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-4)
    has_scores = {"isolation forest": ("predict", "decision_function")}
    usual = ("predict",) if y is TARGET else ("predict", "predict_proba")
    assert ingested.signature.methods == has_scores.get(name, usual)
