"""Counts of the values of a sample, by column."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature


def count(X, **columns):
    estimator = make_column_transformer(
        (OneHotEncoder(), columns.get("strings", [])), (StandardScaler(), columns["numbers"])
    ).fit(X)
    signature = infer_signature(estimator, sample=X)
    assert Signature.from_json(signature.to_json()) == signature
    return {column.name: column.counts for column in signature.columns}


def test_numbers_are_counted_in_ten_parts_of_their_range():
    X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=100), "b": 1.0, "c": range(100)})
    X.loc[::7, "a"] = np.nan
    counts = count(X, numbers=["a", "b", "c"])
    present = X["a"].dropna()
    assert counts == {
        "a": tuple(np.histogram(present, 10, (present.min(), present.max()))[0].tolist()),
        "b": None,
        "c": (10,) * 10,
    }


def test_categories_are_counted_in_their_order():
    X = pd.DataFrame(
        {
            "city": ["Rome", "Oslo", "Rome", None] * 2,
            "open": [True, False, True, True] * 2,
            "size": pd.Categorical(["L", "M", "L", "L"] * 2, categories=["M", "L", "XL"]),
            "text": [f"text {number}" for number in range(8)],
            "n": range(8),
        }
    )
    counts = count(X, strings=["city", "open", "size", "text"], numbers=["n"])
    del counts["n"]
    assert counts == {"city": (2, 4), "open": (2, 6), "size": (2, 6), "text": (1,) * 8}


def test_many_categories_and_sparse_columns_have_no_counts():
    X = pd.DataFrame({"text": [f"text {number}" for number in range(51)], "n": range(51)})
    assert count(X, strings=["text"], numbers=["n"])["text"] is None
    matrix = sparse.random_array((50, 3), density=0.2, rng=0, format="csr")
    scaler = StandardScaler(with_mean=False).fit(matrix)
    columns = infer_signature(scaler, sample=matrix).columns
    assert [column.counts for column in columns] == [None] * 3


@pytest.mark.parametrize("values", [[0.3, 0.1 + 0.2, 0.3], [-1.7e308, 1.7e308, 0.0]])
def test_numbers_without_ten_parts_of_their_range_have_no_counts(values):
    signature = infer_signature(FunctionTransformer(), sample=np.array(values).reshape(-1, 1))
    assert signature.columns[0].counts is None
