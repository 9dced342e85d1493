"""Columns that an estimator drops are optional, and no value in them changes an answer."""

import json

import numpy as np
import orjson
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.feature_selection import RFE, SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from predictor.core import artifacts
from predictor.core.codec import decode_rows
from predictor.core.compiler.compile import compile_
from predictor.core.engines import EstimatorEngine, load_compiled
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.lazy_frame import materialize
from predictor.core.range_check import find_out_of_range
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature
from predictor.core.tolerance import compare
from predictor.core.unused_columns import find_unused
from predictor.isolation.trial_run import run_trial

ROWS = 24
TABLE = pd.DataFrame(
    {
        "id": np.arange(ROWS) + 10**12,
        "age": np.linspace(20, 60, ROWS),
        "name": [f"client {n}" for n in range(ROWS)],
        "city": ["Oslo", "Bergen", "Tromsø"] * 8,
        "since": pd.date_range("2024-01-01", periods=ROWS, tz="Europe/Oslo"),
        "income": np.arange(ROWS) ** 2.0,
        "plan": pd.Categorical(["a", "b"] * 12),
        "member": [True, False] * 12,
        "month": pd.period_range("2024-01", periods=ROWS, freq="M"),
        "tags": [["x"], {"y": 1}, 3, None] * 6,
    }
)
LABELS = np.arange(ROWS) % 3
USED, UNUSED = ["age", "city", "income"], {"id", "name", "since", "plan", "member", "month", "tags"}


def selected(**options):
    return make_column_transformer(
        (StandardScaler(), ["age", "income"]),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]),
        **options,
    )


def pick(X):
    return X[["income", "age"]]


def mixed(X):
    return X[["age"]].fillna(1.0) + X[["income"]].to_numpy()


def logistic(parts):
    return make_pipeline(parts, LogisticRegression())


NUMBERS = TABLE[["age", "income"]].assign(id=np.arange(ROWS) % 7.0, noise=np.cos(np.arange(ROWS)))
ID = make_column_transformer((StandardScaler(), ["id"]))
AGE = make_column_transformer((StandardScaler(), ["age"]))
DROPPING = ColumnTransformer(
    [("d", "drop", sorted(UNUSED | {"age"})), ("e", OneHotEncoder(), ["city"])],
    remainder="passthrough",
)
NESTED = make_column_transformer(
    (make_pipeline(AGE), ["age", "income"]), (OneHotEncoder(), ["city"])
)
# Estimators of the table, and the columns that they drop.
OF_TABLE = {
    "remainder": (selected(), UNUSED),
    "a dropping transformer": (DROPPING, UNUSED | {"age"}),
    "pipeline": (make_pipeline(FunctionTransformer(), logistic(selected())), UNUSED),
    "nested": (NESTED, UNUSED | {"income"}),
    "union": (FeatureUnion([("a", selected()), ("b", ID)]), UNUSED - {"id"}),
    "search": (GridSearchCV(logistic(selected()), {"logisticregression__C": [1.0]}, cv=2), UNUSED),
    "calibrated": (CalibratedClassifierCV(logistic(selected()), cv=2), UNUSED),
    "voting": (
        VotingClassifier([("a", logistic(selected())), ("b", logistic(ID))]),
        UNUSED - {"id"},
    ),
    "stacking": (StackingClassifier([("a", logistic(selected()))], cv=2), UNUSED),
    "target": (TransformedTargetRegressor(make_pipeline(selected(), Ridge())), UNUSED),
    "outputs": (MultiOutputRegressor(make_pipeline(selected(), Ridge())), UNUSED),
    "frozen": (FrozenEstimator(logistic(selected()).fit(TABLE, LABELS)), UNUSED),
    "a function": (make_pipeline(FunctionTransformer(pick), Ridge()), UNUSED | {"city"}),
}
# Other estimators and their rows; for feature selections, the step that selects.
OTHERS = {
    "best columns": (make_pipeline(StandardScaler(), SelectKBest(k=2), Ridge()), NUMBERS, 1),
    "imputed": (make_pipeline(SimpleImputer(), SelectKBest(k=2)), NUMBERS, 1),
    "elimination": (make_pipeline(RFE(LinearRegression())), NUMBERS.to_numpy(), 0),
    "positions": (
        make_column_transformer((StandardScaler(), [1, 3])),
        NUMBERS.to_numpy(),
        {"x0", "x2"},
    ),
    "objects": (
        make_column_transformer((OneHotEncoder(), [1])),
        TABLE[["age", "city"]].to_numpy(object),
        {"x0"},
    ),
}
USES_ALL = {
    "scaled": make_pipeline(StandardScaler(), Ridge()),
    "weights": LinearRegression(),
    "stacked with the rows": StackingClassifier([("a", logistic(AGE))], passthrough=True, cv=2),
    "remainder": make_column_transformer((StandardScaler(), ["age"]), remainder="passthrough"),
    "another function": make_pipeline(FunctionTransformer(mixed), Ridge()),
    "all of the columns": FunctionTransformer(pd.DataFrame.copy),
}


def fit(estimator, X):
    y = np.column_stack([LABELS, LABELS]) if isinstance(estimator, MultiOutputRegressor) else LABELS
    return clone(estimator).fit(X, y)


@pytest.fixture(scope="module", params=[*OF_TABLE, *OTHERS])
def case(request):
    X = TABLE
    if request.param in OF_TABLE:
        estimator, unused = OF_TABLE[request.param]
    else:
        estimator, X, unused = OTHERS[request.param]
    estimator = fit(estimator, X)
    signature = infer_signature(estimator, sample=X)
    if isinstance(unused, int):
        dropped = np.flatnonzero(~estimator[unused].get_support())
        unused = {signature.names[position] for position in dropped}
    return estimator, X, unused, signature


def as_rows(X, names):
    table = X if hasattr(X, "columns") else pd.DataFrame(X, columns=names)
    return json.loads(orjson.dumps(table.to_dict("records"), default=str))


def run(estimator, X):
    method = next(
        name for name in ("predict_proba", "predict", "transform") if hasattr(estimator, name)
    )
    result = getattr(estimator, method)(X)
    return result.toarray() if hasattr(result, "toarray") else np.asarray(result)


def test_the_structure_says_which_columns_are_unused(case):
    _, _, unused, signature = case
    assert {column.name for column in signature.columns if not column.required} == unused
    assert all(column.nullable for column in signature.columns if not column.required)
    assert Signature.from_json(json.loads(json.dumps(signature.to_json()))) == signature


@pytest.mark.filterwarnings("ignore")
def test_rows_with_and_without_them_have_the_answers_of_the_complete_table(case):
    estimator, X, unused, signature = case
    expected = run(estimator, X)
    complete = as_rows(X, signature.names)
    shortest = [{k: v for k, v in row.items() if k not in unused} for row in complete]
    odd = [{**row, **dict.fromkeys(unused, value)} for row, value in
           zip(shortest, [None, "x", 1e300, [], {}, True] * 4, strict=True)]  # fmt: skip
    partly = [row if n % 2 else complete[n] for n, row in enumerate(shortest)]
    for rows in (complete, shortest, odd, partly):
        sent = decode_rows(signature, orjson.dumps(rows), None).X
        np.testing.assert_array_equal(run(estimator, materialize(sent)), expected)
    for row, answer in zip(shortest[:3], expected, strict=False):
        sent = decode_rows(signature, orjson.dumps(row), None).X
        np.testing.assert_allclose(run(estimator, materialize(sent))[0], answer, rtol=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_the_trial_run_agrees(case):
    estimator, _, _, signature = case
    assert run_trial(estimator, signature) == (signature, [])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["search", "best columns", "positions"])
def test_a_compiled_estimator_agrees(name):
    estimator, X = (OF_TABLE | OTHERS)[name][0], TABLE if name in OF_TABLE else OTHERS[name][1]
    estimator = fit(estimator, X)
    signature = infer_signature(estimator, sample=X)
    fallback = EstimatorEngine(estimator)
    engine = load_compiled(compile_(estimator, signature, X).data, fallback, signature)
    rows = [
        {k: v for k, v in row.items() if k not in signature.unused_names}
        for row in as_rows(X, signature.names)
    ]
    for data in (rows, rows[0]):
        sent = decode_rows(signature, orjson.dumps(data), None).X
        method = signature.shared_methods[-1]
        assert engine.is_compiled(method, sent.shape[0])
        compare(fallback.run([method], sent), engine.run([method], sent))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", USES_ALL)
def test_other_estimators_use_all_columns(name):
    X = NUMBERS[["age", "income"]]
    estimator = fit(USES_ALL[name], X)
    assert find_unused(estimator, 2, X) == set()


@pytest.fixture(scope="module")
def pipeline():
    return make_pipeline(selected(), LogisticRegression()).fit(TABLE, LABELS)


@pytest.fixture(scope="module")
def signature(pipeline):
    return infer_signature(pipeline, sample=TABLE)


def test_a_column_of_integers_beyond_64_bits_is_optional_too():
    X = TABLE[["age", "income"]].assign(serial=[2**70 + n for n in range(ROWS)])
    estimator = make_column_transformer((SimpleImputer(), ["age", "income"])).fit(X)
    (_, _, serial) = infer_signature(estimator, sample=X).columns
    assert (serial.required, serial.example, serial.range) == (False, None, None)


def test_the_estimator_receives_the_dtypes_of_the_sample(signature):
    X = materialize(signature.parse_rows({"age": 30, "city": "Oslo", "income": 1.5}).X)
    known = [name for name in TABLE if name not in ("month", "tags")]
    assert X[known].dtypes.to_list() == TABLE[known].dtypes.to_list()
    assert X.loc[0, ["id", "name"]].to_list() == [10**12, "client 0"]


def test_an_example_row_has_only_the_used_columns(signature):
    assert signature.get_example() == {"age": 20.0, "city": "Oslo", "income": 0.0}
    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows([[1, 2]])
    assert '{"age": 20.0, "city": "Oslo", "income": 0.0}' in str(refusal.value)


def test_used_columns_are_still_required_and_unknown_ones_named(signature):
    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows([{"age": 3, "income": 1, "Id": 5, "id": []}])
    assert refusal.value.columns == {
        "city": ["Row at index 0: This column is missing."],
        "Id": [
            (
                "Row at index 0: No such column; the columns are id, age, name, city, since, "
                "income, plan, member, month, tags. Did you mean id?"
            )
        ],
    }


def test_values_of_unused_columns_are_never_out_of_range(signature):
    rows = [{"age": 30, "city": "Oslo", "income": 1e9, "id": 1, "since": "1990-01-01"}]
    found = find_out_of_range(signature.columns, signature.parse_rows(rows).X, is_single=False)
    assert list(found) == ["income"]


def test_without_a_sample_the_types_of_unused_columns_do_not_matter(pipeline):
    signature = infer_signature(pipeline)
    row = {"age": 30, "city": "Oslo", "income": 1.5}
    expected = run(pipeline, pd.DataFrame([row]).reindex(columns=TABLE.columns))
    for extra in ({}, {"name": "Kim", "since": "2024-01-01", "tags": ["x"]}):
        sent = materialize(signature.parse_rows(row | extra).X)
        np.testing.assert_array_equal(run(pipeline, sent), expected)


def test_a_sample_need_not_have_them(pipeline):
    csv = TABLE[USED].head(3).to_csv(index=False).encode()
    sample = artifacts.read_sample(csv, "sample.csv", infer_signature(pipeline))
    for X in (sample, TABLE[USED]):
        signature = infer_signature(pipeline, sample=X)
        assert signature.columns[1].range == (20.0, X["age"].max())
        assert set(signature.unused_names) == UNUSED


def test_a_used_column_of_another_type_is_refused_by_name():
    X = TABLE[["age", "tags"]].assign(tags=TABLE["tags"].astype(str))
    estimator = make_column_transformer((OneHotEncoder(), ["tags"])).fit(X)
    with pytest.raises(ArtifactError, match="The column tags has objects of the types"):
        infer_signature(estimator, sample=TABLE[["age", "tags"]])
    timedelta = X.assign(tags=pd.to_timedelta(np.arange(ROWS), unit="h"))
    with pytest.raises(ArtifactError, match=r"The column tags has dtype timedelta64\[\w+\], which"):
        infer_signature(estimator, sample=timedelta)


def test_the_estimator_decides_not_the_file(pipeline, tmp_path):
    """A file that states that a used column is optional does not make it so."""
    signature = infer_signature(pipeline, sample=TABLE)
    stated = signature.to_json()
    for column in stated["columns"]:
        column["required"] = column["name"] in UNUSED
    data = artifacts.model_file.dumps(pipeline, {"signature": stated})
    ingested = artifacts.ingest(data, "model.skops", allow_version=True)
    assert set(ingested.signature.unused_names) == UNUSED


def test_a_file_cannot_state_that_no_column_is_used(signature):
    stated = signature.to_json()
    for column in stated["columns"]:
        column["required"] = False
    with pytest.raises(ArtifactError, match="The signature in the file cannot be read"):
        artifacts.stated_signature.parse_signature(stated)


def shy(X):
    """Return a column alone, unless another column has an unusual value."""
    return X[["age"]].where(X["income"].abs().to_numpy()[:, None] < 1000, 0.0)


@pytest.mark.filterwarnings("ignore")
def test_a_column_whose_values_change_a_result_is_required_after_the_trial_run():
    X = NUMBERS[["age", "income"]]
    estimator = make_pipeline(FunctionTransformer(shy), Ridge()).fit(X, LABELS)
    signature = infer_signature(estimator, sample=X)
    assert signature.unused_names == ["income"]
    assert run_trial(estimator, signature)[0].unused_names == []
