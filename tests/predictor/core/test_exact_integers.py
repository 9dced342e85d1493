"""Integers that float64 would round: they are read exactly, or rejected."""

import json

import numpy as np
import orjson
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelBinarizer,
    LabelEncoder,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier

from predictor.core.codec import decode_rows
from predictor.core.compiler.compile import compile_
from predictor.core.engines import EstimatorEngine, load_compiled
from predictor.core.engines.batching import get_dtypes
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import materialize
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature

# float64 rounds each of them to 2**53 or to 2**53 + 4.
IDS = [2**53, 2**53 + 1, 2**53 + 3, 2**53 + 4, -(2**53) - 1, 7]
ROUNDED = "Expected a number; got an integer that float64 cannot represent exactly."
Y = [0, 1, 1, 0, 1, 0]


def array(dtype="int64"):
    return np.array([[each] for each in IDS], dtype=dtype)


def frame(dtype="int64"):
    return pd.DataFrame({"id": pd.Series(IDS, dtype=dtype)})


ENCODERS = [
    OneHotEncoder(sparse_output=False),
    OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    TargetEncoder(cv=2),
    make_pipeline(OneHotEncoder(), LogisticRegression()),
    make_column_transformer((OneHotEncoder(), [0]), remainder="passthrough"),
]
ROWS = {
    "array": array(),
    "array of objects": array(object),
    "table": frame(),
    "table of objects": frame(object),
    "table of categories": frame("category"),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.usefixtures("untimed")
@pytest.mark.parametrize("sampled", [True, False])
@pytest.mark.parametrize("X", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("estimator", ENCODERS, ids=lambda each: type(each).__name__)
def test_an_encoder_reads_each_id_exactly(estimator, X, sampled):
    estimator.fit(X, Y)
    signature = infer_signature(estimator, sample=X if sampled else None)
    signature = Signature.from_json(json.loads(json.dumps(signature.to_json())))
    (column,) = signature.columns
    assert (column.kind, sorted(column.categories)) == ("integer", sorted(IDS))

    body = orjson.dumps([{column.name: each} for each in IDS])
    rows = decode_rows(signature, body, None).X
    each_row = [decode_rows(signature, orjson.dumps({column.name: each}), None).X for each in IDS]
    method = signature.methods[0]
    expected = dense(getattr(estimator, method)(X))
    engines = [EstimatorEngine(estimator)]
    if compiled := compile_(estimator, signature).data:
        engines.append(load_compiled(compiled, engines[0], signature))
    for engine in engines:
        np.testing.assert_array_equal(dense(engine.run([method], rows)[method]), expected)
        one_by_one = [dense(engine.run([method], row)[method]) for row in each_row]
        np.testing.assert_array_equal(np.concatenate(one_by_one), expected)


def dense(values):
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_integers_that_scikit_learn_itself_rounds_are_those_of_the_notebook():
    X = frame("Int64")
    estimator = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(X)
    signature = infer_signature(estimator, sample=X)
    rows = signature.parse_rows([{"id": each} for each in [*IDS, None]]).X
    asked = pd.DataFrame({"id": pd.Series([*IDS, None], dtype="Int64")})
    pd.testing.assert_frame_equal(materialize(rows), asked)
    encoded = EstimatorEngine(estimator).run(["transform"], rows)["transform"]
    np.testing.assert_array_equal(encoded, estimator.transform(asked))


def test_rows_whose_missing_values_change_a_dtype_are_not_batched():
    signature = infer_signature(
        OneHotEncoder(handle_unknown="ignore").fit(frame("category")), sample=frame("category")
    )
    whole, gap = (signature.parse_rows({"id": value}).X for value in (2**53 + 1, None))
    assert get_dtypes(whole, signature.columns) != get_dtypes(gap, signature.columns)
    signature = infer_signature(OneHotEncoder(handle_unknown="ignore").fit(array()))
    whole, gap = (signature.parse_rows({"x0": value}).X for value in (2**53 + 1, None))
    assert get_dtypes(whole, signature.columns) != get_dtypes(gap, signature.columns)


@pytest.mark.parametrize("X", [array(), frame()], ids=["array", "table"])
def test_an_id_beside_a_missing_value_is_exact(X):
    estimator = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(X)
    signature = infer_signature(estimator, sample=X)
    (name,) = signature.names
    rows = signature.parse_rows([{name: 2**53 + 1}, {name: None}, {name: 2**53}]).X
    encoded = EstimatorEngine(estimator).run(["transform"], rows)["transform"]
    known = sorted(IDS)
    assert encoded.sum(axis=1).tolist() == [1, 0, 1]
    assert [known[row.argmax()] for row in encoded[[0, 2]]] == [2**53 + 1, 2**53]


def test_a_missing_value_does_not_round_the_integers_of_a_table():
    X = pd.DataFrame({"id": IDS, "size": 1.0})
    steps = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["id"]))
    signature = infer_signature(make_pipeline(steps, DecisionTreeClassifier()).fit(X, Y), sample=X)
    rows = [{"id": 2**53 + 1, "size": 1.0}, {"id": None, "size": 1.0}]
    assert materialize(signature.parse_rows(rows).X)["id"].to_list()[0] == 2**53 + 1
    rows[0]["id"] = 5
    assert str(materialize(signature.parse_rows(rows).X)["id"].dtype) == "float64"


def test_columns_without_an_encoder_accept_fractions_beside_one():
    X = np.array([[each, position] for position, each in enumerate(IDS)])
    estimator = make_column_transformer(
        (OneHotEncoder(sparse_output=False), [0]), (FunctionTransformer(np.log1p), [1])
    ).fit(X)
    signature = infer_signature(estimator, sample=X)
    assert [column.kind for column in signature.columns] == ["integer", "number"]
    small = signature.parse_rows({"x0": 7, "x1": 0.5}).X
    assert small.dtype == np.float64
    encoded = estimator.transform(small)[0]
    np.testing.assert_array_equal(encoded[-1], np.log1p(0.5))
    assert encoded[sorted(IDS).index(7)] == 1


@pytest.mark.parametrize("labels", [np.array(IDS), pd.Series(IDS, name="id")])
@pytest.mark.parametrize("estimator", [LabelEncoder(), LabelBinarizer()])
def test_labels_are_read_exactly(estimator, labels):
    estimator.fit(labels)
    for sample in (None, labels):
        signature = infer_signature(estimator, sample=sample)
        rows = signature.parse_rows([{signature.names[0]: each} for each in IDS]).X
        np.testing.assert_array_equal(estimator.transform(rows), estimator.transform(labels))


@pytest.mark.parametrize(
    "X", [np.arange(12.0).reshape(-1, 2), np.arange(12).reshape(-1, 2)], ids=["float64", "int64"]
)
@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**64 - 1, str(2**53 + 1)])
def test_a_column_of_float64_rejects_an_integer_that_it_would_round(X, value):
    signature = infer_signature(Ridge().fit(X, Y), sample=X)
    for row, sentence in (
        ({"x0": value, "x1": 1}, ROUNDED),
        ([{"x0": value, "x1": 1}], f"Row at index 0: {ROUNDED}"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            decode_rows(signature, orjson.dumps(row), None)
        assert refusal.value.columns == {"x0": [sentence]}


@pytest.mark.parametrize("value", [2**53, 2**53 + 2, 2**63, -(2**63), 1e300, 9007199254740993.5])
def test_a_column_of_float64_accepts_large_numbers_that_it_represents(value):
    X = np.arange(12.0).reshape(-1, 2)
    signature = infer_signature(make_pipeline(StandardScaler(), Ridge()).fit(X, Y))
    for row in ({"x0": value, "x1": 1}, [{"x0": value, "x1": 1}]):
        assert decode_rows(signature, orjson.dumps(row), None).X[0, 0] == value
