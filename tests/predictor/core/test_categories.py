"""A column accepts unknown values exactly where the estimator accepts them."""

from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder
from sklearn.tree import DecisionTreeClassifier

from predictor.core.compiler.compile import compile_
from predictor.core.engines import EstimatorEngine, load_compiled
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import materialize
from predictor.core.signature_inference import infer_signature
from tests.predictor.core.test_unused_columns import run

PLANS = ["a", "b", "c", "a", "b", "a"] * 6
GRADES = [3, 1, 2, 3, 3, 1] * 6
LABELS = np.array([0, 1, 0, 1, 1, 0] * 6)
UNKNOWN = {"plan": "z", "grade": 9}


def encoded(*encoders):
    parts = [(encoder, ["plan", "grade"]) for encoder in encoders]
    encoded = make_column_transformer(*parts, sparse_threshold=0.0)
    return make_pipeline(encoded, DecisionTreeClassifier(random_state=0))


IGNORING = {
    "ignore": OneHotEncoder(handle_unknown="ignore"),
    "infrequent": OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=2),
    "warn": OneHotEncoder(handle_unknown="warn", max_categories=2),
    "a value": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "target": TargetEncoder(cv=2, random_state=0),
}
REJECTING = {"one-hot": OneHotEncoder(), "ordinal": OrdinalEncoder()}
ESTIMATORS = {
    **{name: encoded(encoder) for name, encoder in (IGNORING | REJECTING).items()},
    "both": encoded(IGNORING["ignore"], REJECTING["ordinal"]),
    "both, reversed": encoded(REJECTING["ordinal"], IGNORING["ignore"]),
    "voting": VotingClassifier(
        [("a", encoded(IGNORING["ignore"])), ("b", encoded(REJECTING["one-hot"]))]
    ),
    "boosting": HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype"),
    "boosting of the plan": HistGradientBoostingClassifier(
        max_iter=3, categorical_features=["plan"]
    ),
}


def tables():
    plain = pd.DataFrame({"plan": PLANS, "grade": GRADES})
    yield "plain", plain
    yield "objects", plain.astype({"plan": object})
    yield "category", plain.astype("category")
    levels = {
        "plan": pd.CategoricalDtype(["z", "c", "b", "a"]),
        "grade": pd.CategoricalDtype([9, 1, 2, 3]),
    }
    yield "more levels", plain.astype(levels)
    yield "ordered", plain.astype({"plan": pd.CategoricalDtype(["c", "a", "b"], ordered=True)})
    gaps = plain.astype({"plan": object})
    gaps.loc[::5, "plan"] = None
    yield "gaps", gaps.astype({"plan": "category", "grade": "category"})


TABLES = dict(tables())
# Boosting needs the dtype of categories.
CASES = [
    pytest.param(name, table, marks=pytest.mark.xdist_group(f"categories {name} {table}"))
    for name, table in product(ESTIMATORS, TABLES)
    if not (name.startswith("boosting") and table == "objects")
]
COMPILED = {("ignore", "category"), ("infrequent", "objects"), ("a value", "category")}


@cache
def fit(name, table):
    """Return a fitted estimator, its table and its signature, for all tests of a case."""
    X = TABLES[table]
    if name.startswith("boosting") and table == "plain":
        X = X.assign(plan=pd.Categorical(X["plan"]))
    estimator = clone(ESTIMATORS[name]).fit(X, LABELS)
    return estimator, X, infer_signature(estimator, sample=X)


def as_fitted(row, X):
    """Return a table with the dtypes of another, in which unknown categories are missing."""
    table = pd.DataFrame([row])
    for name, dtype in X.dtypes.items():
        if dtype == "category":
            table[name] = table[name].where(table[name].isin(dtype.categories))
    return table.astype(X.dtypes)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "table"), CASES)
def test_an_unknown_value_is_accepted_where_the_estimator_accepts_it(name, table):
    estimator, X, signature = fit(name, table)
    engine = EstimatorEngine(estimator)
    if (name, table) in COMPILED:
        compiled = compile_(estimator, signature, X).data
        engine = load_compiled(compiled, engine, signature)
        assert engine.is_compiled("predict_proba", 1)
    for column in X:
        row = {"plan": "b", "grade": 3, column: UNKNOWN[column]}
        fitted = as_fitted(row, X)
        try:
            expected = run(estimator, fitted)
        except ValueError:
            expected = None
        # A category that is missing in the fitted dtype must not pass for the category None.
        rejects = name in REJECTING or name.startswith(("both", "voting"))
        if expected is None or rejects:
            with pytest.raises(InvalidInput) as refusal:
                signature.parse_rows([{"plan": "b", "grade": 3}, row])
            (sentence,) = refusal.value.columns[column]
            assert sentence.startswith("Row at index 1: Expected one of ")
            assert str(UNKNOWN[column]) not in sentence
            continue
        sent = signature.parse_rows([row]).X
        pd.testing.assert_frame_equal(materialize(sent), fitted)
        result = engine.run(["predict_proba"], sent)["predict_proba"]
        np.testing.assert_allclose(result, expected, rtol=1e-9)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "table"), CASES)
def test_known_values_have_the_answers_of_the_table(name, table):
    estimator, X, signature = fit(name, table)
    rows = X.head(6).astype(object).where(X.head(6).notna(), None).to_dict("records")
    sent = materialize(signature.parse_rows(rows).X)
    pd.testing.assert_frame_equal(sent, X.head(6))
    np.testing.assert_array_equal(run(estimator, sent), run(estimator, X.head(6)))


def test_the_column_states_the_known_categories_and_keeps_those_of_the_dtype():
    X = TABLES["more levels"]
    column = infer_signature(ESTIMATORS["one-hot"].fit(X, LABELS), sample=X).columns[0]
    assert column.categories == ("c", "b", "a")
    assert column.dtype_categories == ("z", "c", "b", "a")
    assert column.rejects_unknown


def test_categories_that_no_encoder_reads_are_those_of_the_dtype():
    X = pd.DataFrame({"grade": pd.Categorical(GRADES), "size": np.arange(36.0)})
    linear = infer_signature(LogisticRegression(max_iter=1000).fit(X, LABELS), sample=X)
    assert linear.columns[0].allowed_values == (1, 2, 3)  # a missing value is rejected
    forest = infer_signature(RandomForestClassifier(3).fit(X, LABELS), sample=X)
    assert forest.columns[0].allowed_values == ()


@pytest.mark.parametrize(
    ("handle_unknown", "allowed"), [("error", ("a", "b", "c")), ("ignore", ())]
)
def test_a_value_must_be_known_to_every_part_that_rejects_others(handle_unknown, allowed):
    X = pd.DataFrame({"plan": [*PLANS[:34], "rare"]})
    first, second, rare = np.arange(17), np.arange(17, 34), [34]
    model = make_pipeline(OneHotEncoder(handle_unknown=handle_unknown), LogisticRegression())
    splits = [(np.append(first, rare), second), (second, first)]
    estimator = CalibratedClassifierCV(model, cv=splits).fit(X, LABELS[:35])
    assert infer_signature(estimator, sample=X).columns[0].allowed_values == allowed


def test_a_bag_hands_columns_to_its_estimators_by_position():
    X = np.array([PLANS, np.array(GRADES).astype(str)], dtype=object).T
    bag = BaggingClassifier(
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), RandomForestClassifier(2)),
        n_estimators=4,
        max_features=1,
        bootstrap=False,
        random_state=0,
    ).fit(X, LABELS)
    signature = infer_signature(bag, sample=X)
    assert [column.categories for column in signature.columns] == [("a", "b", "c"), ("1", "2", "3")]
