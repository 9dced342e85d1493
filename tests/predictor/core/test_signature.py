"""Signatures that are inferred from an estimator, with and without a sample."""

import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

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
