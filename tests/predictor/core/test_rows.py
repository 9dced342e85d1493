import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from predictor.core.engines import EstimatorEngine
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import LazyFrame, materialize
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature

ROWS = 30
TABLE = pd.DataFrame(
    {
        "age": np.linspace(20, 60, ROWS),
        "visits": np.arange(ROWS, dtype="int16"),
        "city": ["Oslo", "Bergen", "Tromsø"] * 10,
        "plan": ["a", "b"] * 15,
        "member": [True, False] * 15,
    }
)
LABELS = np.arange(ROWS) % 2

GOOD = {"age": 30.5, "visits": 3, "city": "Oslo", "plan": "a", "member": True}

NO_COLUMN = "No such column; the columns are age, visits, city, plan, member."
CITY = "Expected one of Bergen, Oslo, Tromsø; got {}."


@pytest.fixture(scope="module")
def model():
    steps = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
        (OneHotEncoder(), ["city"]),
        (OneHotEncoder(handle_unknown="ignore"), ["plan"]),
        ("passthrough", ["visits", "member"]),
    )
    return make_pipeline(steps, LogisticRegression()).fit(TABLE, LABELS)


@pytest.fixture(scope="module")
def signature(model):
    return infer_signature(model, sample=TABLE)


def test_a_column_is_described_by_the_estimator_and_the_sample(signature):
    assert [
        (c.name, c.dtype, c.kind, c.nullable, c.categories, c.rejects_unknown, c.range, c.example)
        for c in signature.columns
    ] == [
        ("age", "float64", "number", True, None, False, (20.0, 60.0), 20.0),
        ("visits", "int16", "integer", False, None, False, (0.0, 29.0), 0),
        ("city", "str", "string", False, ("Bergen", "Oslo", "Tromsø"), True, None, "Oslo"),
        ("plan", "str", "string", True, ("a", "b"), False, None, "a"),
        ("member", "bool", "boolean", False, None, False, None, True),
    ]
    assert signature.classes == (0, 1)
    methods = ("predict", "predict_proba", "decision_function", "predict_log_proba")
    assert signature.methods == methods
    assert Signature.from_json(signature.to_json()) == signature


def test_a_column_of_numbers_is_described_without_what_it_has_not(signature):
    assert signature.columns[0].to_json() == {
        "name": "age",
        "description": "",
        "dtype": "float64",
        "required": True,
        "nullable": True,
        "range": (20.0, 60.0),
        "example": 20.0,
        "counts": (3,) * 10,
    }


def test_rows_become_the_very_frame(signature):
    X, is_single = signature.parse_rows(TABLE.to_dict("records"))
    pd.testing.assert_frame_equal(materialize(X), TABLE)
    assert not is_single


def test_a_missing_value_is_null(signature, model):
    X, is_single = signature.parse_rows({**GOOD, "age": None, "plan": None})
    X = materialize(X)
    assert is_single
    assert X["age"].isna().all()
    assert X["plan"].isna().all()
    assert model.predict(X).shape == (1,)


def test_strings_that_are_numbers_are_taken_for_numbers(signature):
    X, _ = signature.parse_rows({**GOOD, "age": " 30.5", "visits": "3"})
    X = materialize(X)
    assert (X["age"][0], X["visits"][0]) == (30.5, 3)
    assert str(X["visits"].dtype) == "int16"


@pytest.mark.parametrize(
    ("change", "column", "sentence"),
    [
        ({"age": True}, "age", "Expected a number, or null; got true or false."),
        ({"age": "nan"}, "age", "Expected a number, or null; got a string that is not a finite number."),
        ({"age": [1]}, "age", "Expected a number, or null; got a list."),
        ({"age": {}}, "age", "Expected a number, or null; got an object."),
        ({"age": 2**64}, "age", "Expected a number, or null; got an integer beyond 64 bits."),
        ({"visits": None}, "visits", "Expected an integer; got null."),
        ({"visits": 2.5}, "visits", "Expected an integer; got a number with a fraction."),
        ({"visits": 40_000}, "visits", "Expected an integer; got an integer out of the range of int16."),
        ({"visits": "many"}, "visits", "Expected an integer; got a string that is not a finite number."),
        ({"city": "Paris"}, "city", CITY.format("another value")),
        ({"city": 1}, "city", CITY.format("a number")),
        ({"city": None}, "city", CITY.format("null")),
        ({"plan": 1.5}, "plan", "Expected a string, or null; got a number."),
        ({"member": 1}, "member", "Expected true or false; got a number."),
        ({"member": "yes"}, "member", "Expected true or false; got a string."),
        ({"height": 1}, "height", NO_COLUMN),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_named(signature, change, column, sentence):
    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows({**GOOD, **change})
    assert refusal.value.columns == {column: [sentence]}

    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows([GOOD, {**GOOD, **change}])
    assert refusal.value.columns == {column: [f"Row at index 1: {sentence}"]}


def test_a_missing_column_is_named(signature):
    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows({name: value for name, value in GOOD.items() if name != "city"})
    assert refusal.value.columns == {"city": ["This column is missing."]}


@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_an_unseen_value_is_taken_where_the_encoder_takes_it(signature, model):
    X, _ = signature.parse_rows({**GOOD, "plan": "z"})
    X = materialize(X)
    assert model.predict(X) == model.predict(pd.DataFrame([{**GOOD, "plan": "z"}]))


def test_no_rows_are_rows(signature):
    X, is_single = signature.parse_rows([])
    assert X.shape == (0, 5)
    assert not is_single


def test_a_large_integer_is_read_again(signature):
    with pytest.raises(InvalidInput):
        signature.parse_rows({**GOOD, "age": 2.0**64}, lambda: {**GOOD, "age": 2**64})
    X, _ = signature.parse_rows({**GOOD, "age": 1e30}, lambda: {**GOOD, "age": 1e30})
    X = materialize(X)
    assert X["age"][0] == 1e30


def test_numbers_may_be_missing_where_a_tree_takes_them():
    X = np.arange(40.0).reshape(20, 2)
    signature = infer_signature(DecisionTreeClassifier().fit(X, X[:, 0] > 9))
    assert [column.nullable for column in signature.columns] == [True, True]
    rows, _ = signature.parse_rows([{"x0": 1, "x1": None}, {"x0": 2, "x1": 3.5}])
    np.testing.assert_array_equal(rows, [[1.0, np.nan], [2.0, 3.5]])


def test_a_linear_model_rejects_missing_numbers():
    X = np.arange(40.0).reshape(20, 2)
    signature = infer_signature(Ridge().fit(X, X[:, 0]))
    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows([{"x0": 1, "x1": None}])
    assert refusal.value.columns == {"x1": ["Row at index 0: Expected a number; got null."]}


def test_float32_is_kept_and_its_range_is_checked():
    X = np.arange(40, dtype=np.float32).reshape(20, 2)
    signature = infer_signature(Ridge().fit(X, X[:, 0]), sample=X)
    assert signature.parse_rows({"x0": 1, "x1": 2}).X.dtype == np.float32
    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows({"x0": 1, "x1": 1e39})
    assert refusal.value.columns == {
        "x1": ["Expected a number; got a number too large for 32 bits."]
    }


def test_texts_are_one_column_of_strings():
    signature = infer_signature(CountVectorizer().fit(["red wine", "white wine"]))
    assert signature.parse_rows([{"x0": "red"}, {"x0": ""}]).X.tolist() == ["red", ""]
    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows({"x0": 5})
    assert refusal.value.columns == {"x0": ["Expected a string; got a number."]}


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("Input X contains NaN.", "The model rejects these rows: Input X contains NaN."),
        (
            "Input X contains infinity or a value too large for dtype('float32').",
            (
                "The model rejects these rows: "
                "Input X contains infinity or a value too large for dtype('float32')."
            ),
        ),
        ("Found unknown categories ['secret'] in column 0", "The model rejects these rows."),
        ("could not convert string to float: secret", "The model rejects these rows."),
        ("bad value 42.5", "The model rejects these rows."),
    ],
)
def test_a_rejection_by_the_estimator_is_reported_without_the_rows(sentence, message):
    class Refusing:
        def predict(self, _X):
            raise ValueError(sentence)

    with pytest.raises(InvalidInput, match="rejects") as refusal:
        EstimatorEngine(Refusing()).run(["predict"], pd.DataFrame({"a": ["secret"]}))
    assert str(refusal.value) == message


def test_a_crash_inside_an_estimator_is_not_hidden():
    class Broken:
        def predict(self, _X):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        EstimatorEngine(Broken()).run(["predict"], np.zeros((1, 1)))


def test_tables_of_several_requests_are_concatenated(signature):
    parts = [signature.parse_rows(rows).X for rows in ([GOOD], [], [GOOD, {**GOOD, "plan": None}])]
    whole = signature.parse_rows([GOOD, GOOD, {**GOOD, "plan": None}]).X
    concatenated = LazyFrame.concatenate(parts)
    assert concatenated.shape == whole.shape == (3, 5)
    pd.testing.assert_frame_equal(concatenated.dataframe, whole.dataframe)
