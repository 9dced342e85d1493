"""Samples and training tables of other libraries, and with dtypes of pandas for missing values."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from predictor.core import artifacts
from predictor.core.errors import ArtifactError
from predictor.core.signature_inference import infer_signature

ROOT = Path(__file__).parents[3]
TARGET = np.arange(12.0) ** 2


def column(values, dtype):
    return pd.Series(pd.array(values * 4, dtype=dtype))


BOOSTED = HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=1)
FILLED = make_pipeline(SimpleImputer(strategy="most_frequent"), LinearRegression())
ENCODED = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LinearRegression())

# For each dtype, an estimator and a column.
NULLABLE = {
    "boolean": (FILLED, column([True, False, None], "boolean")),
    "boolean, boosted": (BOOSTED, column([True, False, None], "boolean")),
    "Int64": (FILLED, column([1, 2, None], "Int64")),
    "UInt8": (BOOSTED, column([1, 2, None], "UInt8")),
    "Float32": (BOOSTED, column([1.5, 0.1, None], "Float32")),
    "string": (ENCODED, column(["a", "b", "c"], "string")),
    "categories of Int64": (
        HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=1),
        column([1, 2, None], "Int64").astype("category"),
    ),
    "categories of string": (
        ENCODED,
        column(["a", "b", "c"], "string").astype("category"),
    ),
}


@pytest.mark.parametrize("name", NULLABLE)
def test_a_column_with_a_dtype_for_missing_values_is_run_with_it(name):
    estimator, values = NULLABLE[name]
    X = pd.DataFrame({"a": values})
    estimator.fit(X, TARGET)
    signature = infer_signature(estimator, sample=X)
    (found,) = signature.columns
    assert (found.dtype, found.nullable) == (str(values.dtype), True)
    rows = [{"a": None if pd.isna(value) else value} for value in values.tolist()]
    parsed = signature.parse_rows(rows).X.dataframe
    assert parsed["a"].dtype == values.dtype or found.dtype == "category"
    np.testing.assert_array_equal(estimator.predict(parsed), estimator.predict(X))


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        (
            3,
            "A sample is a DataFrame, an array, a sparse matrix or a list of strings; got a int.",
        ),
        (
            {"a": 1},
            "A sample is a DataFrame, an array, a sparse matrix or a list of strings; got a dict.",
        ),
        (
            "rows.csv",
            "A sample is a DataFrame, an array, a sparse matrix or a list of strings; got a str.",
        ),
        (
            pd.DataFrame({"a": pd.period_range("2020", periods=3, freq="D")}),
            (
                "The column a has dtype period[D], which JSON cannot represent. Use numbers, "
                "booleans, strings, categories or times (datetime64)."
            ),
        ),
    ],
)
def test_another_sample_is_rejected(sample, sentence):
    estimator = LinearRegression().fit(pd.DataFrame({"a": TARGET}), TARGET)
    with pytest.raises(ArtifactError) as refusal:
        artifacts.dump(estimator, sample)
    assert str(refusal.value) == sentence


# A notebook with polars and pyarrow, which the server does not have.
NOTEBOOK = """
import json, sys
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from predictor.core import save

values = {
    "size": [1.5, 2.5, None, 4.0] * 3,
    "count": [1, 2, 3, 4] * 3,
    "city": ["Oslo", "Rome", "Rome", "Bonn"] * 3,
    "done": [True, False, False, True] * 3,
}
polars, arrow = pl.DataFrame(values), pa.table(values)
backed = arrow.to_pandas(types_mapper=pd.ArrowDtype)
categories = [backed["city"].unique()]
model = make_pipeline(
    make_column_transformer(
        (SimpleImputer(), ["size", "count", "done"]), (OneHotEncoder(), ["city"])
    ),
    LinearRegression(),
)
chosen = make_pipeline(
    make_column_transformer((OrdinalEncoder(categories=categories), ["city"])), LinearRegression()
)
target = np.arange(12.0) ** 2
results = {}
for name, estimator, X, sample in (
    ("polars", model, polars, polars),
    ("arrow", model, arrow.to_pandas(), arrow),
    ("backed", model, backed, backed),
    ("categories", chosen, backed, backed),
    ("categories of polars", chosen.set_params(
        columntransformer__ordinalencoder__categories=[polars["city"].unique().sort()]
    ), polars, polars),
):
    estimator.fit(X, target)
    saved = save(estimator, f"{sys.argv[1]}/{name}.skops", sample)
    dtypes = {column.name: column.dtype for column in saved.signature.columns}
    results[name] = {"dtypes": dtypes, "predictions": estimator.predict(X).tolist()}
json.dump(results, sys.stdout)
"""
ROWS = [
    {"size": 1.5, "count": 1, "city": "Oslo", "done": True},
    {"size": 2.5, "count": 2, "city": "Rome", "done": False},
    {"size": None, "count": 3, "city": "Rome", "done": False},
    {"size": 4.0, "count": 4, "city": "Bonn", "done": True},
]
PLAIN = {"size": "float64", "count": "int64", "city": "str", "done": "bool"}
BACKED = {"size": "Float64", "count": "Int64", "city": "string", "done": "boolean"}


def test_tables_of_polars_and_pyarrow_are_converted(tmp_path):
    frames = Path(sys.prefix, "frames")  # where `make test` installs them
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, tmp_path],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(frames)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert {name: result["dtypes"] for name, result in results.items()} == {
        "polars": PLAIN,
        "arrow": PLAIN,
        "backed": BACKED,
        "categories": BACKED,
        "categories of polars": PLAIN,
    }
    for name, result in results.items():
        data = (tmp_path / f"{name}.skops").read_bytes()
        ingested = artifacts.ingest(data, f"{name}.skops")
        X = ingested.signature.parse_rows(ROWS * 3).X.dataframe
        assert ingested.estimator.predict(X).tolist() == result["predictions"], name
