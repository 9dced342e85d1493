"""Rows are run with the dtypes on which the estimator was fitted."""

import json

import numpy as np
import orjson
import pandas as pd
import pytest
import scipy.sparse
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)

from predictor.core.codec import decode_rows
from predictor.core.compiler.compile import compile_
from predictor.core.engines import EstimatorEngine, load_compiled
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import materialize
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature
from predictor.core.tolerance import compare

rng = np.random.default_rng(0)
NUMBERS = rng.normal(size=(40, 3)) * 50
Y = NUMBERS @ [1.0, 2.0, 3.0]

ESTIMATORS = [
    StandardScaler(),
    MinMaxScaler(),
    PCA(2),
    PolynomialFeatures(),
    make_pipeline(StandardScaler(), Ridge()),
    LinearRegression(),
    RandomForestRegressor(3, random_state=0),
    HistGradientBoostingRegressor(max_iter=3),
    KNeighborsRegressor(2),
    FunctionTransformer(np.square),
]


def engines_of(estimator, signature, sample):
    yield EstimatorEngine(estimator)
    if compiled := compile_(estimator, signature, sample).data:
        yield load_compiled(compiled, EstimatorEngine(estimator), signature)


def rows_of(X, signature):
    values = X.to_numpy() if hasattr(X, "to_numpy") else X
    return [dict(zip(signature.names, row, strict=True)) for row in values.tolist()]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("untimed")
@pytest.mark.parametrize("dtype", ["float16", "float32", "Float32"])
@pytest.mark.parametrize("as_table", [True, False], ids=["table", "array"])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda each: str(each)[:30])
def test_floats_keep_their_dtype(estimator, as_table, dtype):
    if not as_table and dtype == "Float32":
        return  # a dtype of pandas
    X = pd.DataFrame(NUMBERS, columns=list("abc")).astype(dtype)
    X = X if as_table else X.to_numpy()
    estimator.fit(X, Y)
    signature = infer_signature(estimator, sample=X)
    signature = Signature.from_json(json.loads(json.dumps(signature.to_json())))
    assert {column.dtype for column in signature.columns} == {dtype}
    body = orjson.dumps(rows_of(X, signature))
    sent = decode_rows(signature, body, None).X
    if as_table:
        pd.testing.assert_frame_equal(materialize(sent), X)
    else:
        np.testing.assert_array_equal(sent, X, strict=True)
    method = signature.methods[0]
    expected = np.asarray(getattr(estimator, method)(X))
    for engine in engines_of(estimator, signature, X):
        result = engine.run([method], sent)
        if engine.is_compiled(method, len(X)):
            compare({method: expected}, result)
        else:
            np.testing.assert_array_equal(np.asarray(result[method]), expected)


@pytest.mark.parametrize(
    ("dtype", "bits", "value"),
    [("float16", 16, 70_000), ("float32", 32, 1e39), ("Float32", 32, 1e39)],
)
def test_a_number_beyond_the_dtype_is_rejected(dtype, bits, value):
    X = pd.DataFrame(NUMBERS[:, :2], columns=["a", "b"]).astype(dtype)
    signature = infer_signature(Ridge().fit(X, Y), sample=X)
    with pytest.raises(InvalidInput) as refusal:
        materialize(decode_rows(signature, orjson.dumps({"a": 1, "b": value}), None).X)
    assert refusal.value.columns == {
        "b": [f"Expected a number; got a number too large for {bits} bits."]
    }


def squared(rows):
    return rows * rows if isinstance(rows, np.ndarray) else rows.multiply(rows)


@pytest.mark.parametrize("build", [np.asarray, scipy.sparse.csr_matrix], ids=["array", "sparse"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int64"])
def test_integers_keep_a_dtype_that_changes_the_result(build, dtype):
    big = 2**33 if dtype == "int64" else 2**15 - 1 if dtype == "int16" else 100
    X = build(np.array([[big, 2], [3, big // 2], [big, 7]], dtype=dtype))
    estimator = FunctionTransformer(squared, accept_sparse=True).fit(X)
    signature = infer_signature(estimator, sample=X)
    assert [(c.dtype, c.kind) for c in signature.columns] == [(dtype, "integer")] * 2
    dense = np.asarray(X.todense() if hasattr(X, "todense") else X)
    sent = signature.parse_rows(rows_of(dense, signature)).X
    assert sent.dtype == dtype
    expected = estimator.transform(X)
    result = EstimatorEngine(estimator).run(["transform"], sent)["transform"]
    if build is not np.asarray:
        expected, result = expected.toarray(), result.toarray()
    np.testing.assert_array_equal(result, expected, strict=True)
    with pytest.raises(InvalidInput):
        signature.parse_rows({"x0": 2.5, "x1": 1})


@pytest.mark.parametrize(
    "estimator",
    [
        LinearRegression(),
        make_pipeline(PolynomialFeatures(), StandardScaler(), Ridge()),
        LogisticRegression(),
        MultinomialNB(),
        KNeighborsRegressor(2),
        FunctionTransformer(np.log1p),
    ],
    ids=lambda each: str(each)[:30],
)
@pytest.mark.filterwarnings("ignore")
def test_other_integers_of_an_array_accept_any_number(estimator):
    X = rng.integers(0, 100, size=(40, 2))
    signature = infer_signature(estimator.fit(X, X[:, 0] % 2), sample=X)
    assert {(c.dtype, c.kind) for c in signature.columns} == {("float64", "number")}


def test_a_function_that_returns_float32_for_small_integers_gets_them():
    X = rng.integers(0, 100, size=(40, 2)).astype("int16")
    estimator = FunctionTransformer(np.log1p).fit(X)
    signature = infer_signature(estimator, sample=X)
    sent = signature.parse_rows(rows_of(X, signature)).X
    for engine in engines_of(estimator, signature, X):
        result = engine.run(["transform"], sent)["transform"]
        np.testing.assert_array_equal(result, estimator.transform(X), strict=True)


def test_integers_of_a_table_keep_their_dtype():
    X = pd.DataFrame({"a": np.array([100, 2, 3], dtype="int8"), "b": ["x", "y", "x"]})
    estimator = make_column_transformer(
        (FunctionTransformer(np.square), ["a"]), (OneHotEncoder(sparse_output=False), ["b"])
    ).fit(X)
    signature = infer_signature(estimator, sample=X)
    sent = signature.parse_rows(X.to_dict("records")).X
    for engine in engines_of(estimator, signature, X):
        result = engine.run(["transform"], sent)["transform"]
        np.testing.assert_array_equal(result, estimator.transform(X))
