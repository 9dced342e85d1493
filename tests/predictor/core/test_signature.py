"""Signatures that are inferred from an estimator, with and without a sample."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from predictor.core.artifacts.stated_signature import read_signature
from predictor.core.errors import ArtifactError
from predictor.core.sample_data import MAX_TEXT_LENGTH
from predictor.core.signature_inference import infer_signature


def test_strings_may_be_missing_where_an_imputer_of_none_fills_them():
    X = pd.DataFrame({"city": ["Rome", None, "Oslo", "Rome"], "size": [1.0, 2.0, 3.0, 4.0]})
    X["city"] = X["city"].astype(object).where(X["city"].notna(), None)
    filled = SimpleImputer(missing_values=None, strategy="most_frequent")
    estimator = make_pipeline(
        make_column_transformer(
            (make_pipeline(filled, OneHotEncoder()), ["city"]), remainder="passthrough"
        ),
        LogisticRegression(),
    ).fit(X, [0, 1, 1, 0])
    signature = infer_signature(estimator)
    assert {column.name: column.nullable for column in signature.columns} == {
        "city": True,
        "size": False,
    }
    rows = signature.parse_rows([{"city": None, "size": 2.0}, {"city": "Oslo", "size": 3.0}]).X
    assert estimator.predict(rows.dataframe).tolist() == estimator.predict(X.iloc[1:3]).tolist()


SIZES = pd.DataFrame({"width": [1.0, 2.0, 4.0, 8.0], "height": [3.0, 1.0, 2.0, 5.0]})
AREAS = [3.0, 2.0, 8.0, 40.0]


class Area(TransformerMixin, BaseEstimator):
    """A transformer of a user, which reads columns by name and stores nothing about them."""

    def fit(self, _X, _y=None):
        self.is_fitted_ = True
        return self

    def transform(self, X):
        return (X["width"] * X["height"]).to_numpy().reshape(-1, 1)


# Estimators that do not store the names of the columns, and the container that they need.
NAMELESS = {
    "an array": (LinearRegression().fit(SIZES.to_numpy(), AREAS), "array"),
    "a first step that does nothing": (
        make_pipeline("passthrough", LinearRegression()).fit(SIZES, AREAS),
        "frame",
    ),
    "a transformer of a user": (
        make_pipeline(Area(), LinearRegression()).fit(SIZES, AREAS),
        "frame",
    ),
}


@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize("name", NAMELESS)
def test_the_names_of_a_sample_are_taken_if_the_estimator_stores_none(name):
    estimator, container = NAMELESS[name]
    signature = infer_signature(estimator, sample=SIZES)
    assert (signature.names, signature.container) == (["width", "height"], container)
    assert read_signature(signature.to_json(), estimator) == signature
    described = infer_signature(estimator, signature.columns, SIZES[["height", "width"]])
    assert described.names == signature.names
    X = signature.parse_rows(SIZES.to_dict("records")).X
    np.testing.assert_array_equal(
        estimator.predict(getattr(X, "dataframe", X)), estimator.predict(SIZES)
    )


@pytest.mark.parametrize(
    "sample",
    [SIZES[["width"]], SIZES["width"], SIZES["width"].to_list()],
    ids=["DataFrame", "Series", "list"],
)
def test_a_sample_with_another_number_of_columns_is_rejected(sample):
    estimator, _ = NAMELESS["an array"]
    with pytest.raises(ArtifactError, match=r"^The sample has 1 column; the model takes 2\.$"):
        infer_signature(estimator, sample=sample)


@pytest.mark.parametrize("sample", [SIZES[["width"]], SIZES["width"]], ids=["DataFrame", "Series"])
def test_the_sample_of_a_single_column_may_be_a_table(sample):
    signature = infer_signature(IsotonicRegression().fit(sample, AREAS), sample=sample)
    assert (signature.names, signature.container) == (["width"], "vector")
    (column,) = signature.columns
    assert column.range == (1.0, 8.0)


def test_a_class_in_place_of_an_estimator_is_rejected():
    with pytest.raises(ArtifactError, match=r"^LinearRegression is a class\. Fit an object of it:"):
        infer_signature(LinearRegression)


LONG = "a word " * 10_000


@pytest.mark.parametrize(
    ("estimator", "sample"),
    [
        (HashingVectorizer(n_features=8), [LONG, LONG, "short"]),
        (FunctionTransformer(), pd.DataFrame({"text": [LONG, LONG, "short"]})),
    ],
)
def test_a_long_text_of_a_sample_is_a_short_example_and_no_category(estimator, sample):
    (column,) = infer_signature(estimator.fit(sample), sample=sample).columns
    assert column.example == LONG[:MAX_TEXT_LENGTH]
    assert column.categories is None
