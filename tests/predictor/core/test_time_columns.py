"""Columns of datetime64: ISO 8601 texts in rows, the fitted dtype in the estimator's input."""

import json
from datetime import timedelta, timezone

import numpy as np
import orjson
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from predictor.core import artifacts
from predictor.core.artifacts.skops import audit
from predictor.core.codec import decode_rows
from predictor.core.compiler.compile import compile_
from predictor.core.engines import EstimatorEngine
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.lazy_frame import materialize
from predictor.core.range_check import check_action, find_out_of_range
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature
from predictor.isolation import packing
from predictor.isolation.messages import MalformedMessage
from predictor.isolation.trial_run import run_trial
from tests.predictor.core import hostile

ROWS = 12
DTYPES = [
    *("datetime64[s]", "datetime64[ms]", "datetime64[us]", "datetime64[ns]"),
    *("datetime64[ns, UTC]", "datetime64[us, Europe/Oslo]", "datetime64[ns, UTC+05:30]"),
]


class Calendar(TransformerMixin, BaseEstimator):
    """Extracts the local hour, the month and the part of a second. NaT becomes NaN."""

    def fit(self, X, _y=None):
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.n_features_in_ = len(X.columns)
        return self

    def transform(self, X):
        parts = [
            part for _, at in X.items() for part in (at.dt.hour, at.dt.month, at.dt.microsecond)
        ]
        return np.column_stack([*map(np.asarray, parts)])


def table(dtype="datetime64[ns]"):
    at = pd.date_range("2024-03-30T22:30", periods=ROWS, freq="37min", unit="ns")
    return pd.DataFrame({"at": at.tz_localize("UTC") if "," in dtype else at, "size": 1.5}).astype(
        {"at": dtype}
    )


def fit(X):
    estimator = make_column_transformer((Calendar(), ["at"]), ("passthrough", ["size"]))
    return make_pipeline(estimator, HistGradientBoostingRegressor(max_iter=5)).fit(
        X, np.arange(len(X))
    )


@pytest.fixture(scope="module", params=DTYPES)
def case(request):
    X = table(request.param)
    estimator = fit(X)
    return estimator, X, infer_signature(estimator, sample=X)


def as_rows(X):
    return [
        {"at": None if row.at is pd.NaT else row.at.isoformat(), "size": row.size_}
        for row in X.rename(columns={"size": "size_"}).itertuples()
    ]


def test_the_column_has_a_range_and_an_example(case):
    _, X, signature = case
    column = signature.columns[0]
    assert (column.kind, column.dtype) == ("datetime", str(X["at"].dtype))
    assert (column.required, column.nullable) == (True, True)
    assert column.range == (X["at"].min().isoformat(), X["at"].max().isoformat())
    assert column.example == X["at"][0].isoformat()
    assert Signature.from_json(json.loads(json.dumps(signature.to_json()))) == signature


def test_rows_become_the_table_of_the_sample(case):
    estimator, X, signature = case
    X = X.copy()
    X.loc[3, "at"] = pd.NaT
    rows = as_rows(X)
    for data in (rows, [dict(reversed(row.items())) for row in rows]):
        sent = decode_rows(signature, orjson.dumps(data), None).X
        pd.testing.assert_frame_equal(materialize(sent), X)
        result = EstimatorEngine(estimator).run(["predict"], sent)["predict"]
        np.testing.assert_array_equal(result, estimator.predict(X))
    for n in (0, 3):
        sent = decode_rows(signature, orjson.dumps(rows[n]), None).X
        pd.testing.assert_frame_equal(materialize(sent), X.iloc[[n]].reset_index(drop=True))


def test_the_model_passes_the_trial_run_and_is_not_compiled(case):
    estimator, X, signature = case
    assert run_trial(estimator, signature) == (signature, [])
    assert (
        compile_(estimator, signature, X).report["reason"] == "Columns of times are not compiled."
    )


def test_rows_travel_to_the_estimator_process(case):
    _, X, signature = case
    sent = signature.parse_rows([*as_rows(X), {"at": None, "size": 1}]).X
    arrays = []
    description = json.loads(json.dumps(packing.pack(sent, arrays)))
    body = b"".join(a.tobytes() + bytes(-a.nbytes % packing.ALIGNMENT) for a in arrays)
    received = packing.Unpacker(bytearray(body), signature.build).unpack(description)
    pd.testing.assert_frame_equal(materialize(received), materialize(sent))


OSLO = "datetime64[us, Europe/Oslo]"
EXPECTED = "Expected an ISO 8601 time, such as 2024-03-30T23:30:00+01:00, or null; got {}."
EXPECTED_NAIVE = (
    "Expected an ISO 8601 time without a time zone, such as 2024-03-30T22:30:00, or null; got {}."
)


@pytest.mark.parametrize(
    ("dtype", "value", "problem"),
    [
        (OSLO, 1711838040000, EXPECTED.format("a number")),
        (OSLO, "soon", EXPECTED.format("a string that is not an ISO 8601 date or time")),
        (OSLO, "2024-02-30T10:00:00Z", EXPECTED.format("a date or time that does not exist")),
        (OSLO, {}, EXPECTED.format("an object")),
        ("datetime64[s]", "2024-03-30T10:00:00Z", EXPECTED_NAIVE.format("a time with a time zone")),
        (
            "datetime64[ns]",
            "9999-12-31",
            EXPECTED_NAIVE.format("a time out of the range of datetime64[ns]"),
        ),
        (
            "datetime64[s]",
            "2024-03-30T10:00:00.5",
            EXPECTED_NAIVE.format("a time that is more precise than datetime64[s]"),
        ),
    ],
)
def test_a_rejection_names_the_column_the_row_and_an_example(dtype, value, problem):
    X = table(dtype)
    signature = infer_signature(fit(X), sample=X)
    good = {"at": signature.columns[0].example, "size": 1}
    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows({**good, "at": value})
    assert refusal.value.columns == {"at": [problem]}
    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows([good, {**good, "at": value}])
    assert refusal.value.columns == {"at": [f"Row at index 1: {problem}"]}


def test_a_body_in_another_format_is_answered_with_exact_code_for_pandas():
    X = table(OSLO).assign(size=0.038075906433423026)  # with more decimals than `to_json` writes
    signature = infer_signature(fit(X), sample=X)
    with pytest.raises(InvalidInput) as refusal:
        signature.parse_rows([[1, 2]])
    text = str(refusal.value)
    assert '{"at": "2024-03-30T23:30:00+01:00", "size": 0.038075906433423026}' in text
    code = text.partition("With pandas, use ")[2].removesuffix(".")
    body = eval(code, {"json": json, "df": X}).encode()  # noqa: S307 - the code of the message
    pd.testing.assert_frame_equal(materialize(decode_rows(signature, body, None).X), X)


def test_null_is_rejected_where_the_estimator_rejects_it():
    X = table().assign(at=lambda X: X["at"].dt.floor("D"))
    estimator = make_column_transformer((OneHotEncoder(), ["at"])).fit(X)
    (column, size) = infer_signature(estimator, sample=X).columns
    assert not column.nullable
    assert not size.required


@pytest.mark.parametrize("handle_unknown", ["error", "ignore"])
def test_an_encoder_of_days_states_them(handle_unknown):
    X = table("datetime64[us]").assign(at=lambda X: X["at"].dt.floor("D"))[["at"]]
    estimator = OneHotEncoder(handle_unknown=handle_unknown, sparse_output=False).fit(X)
    for sample in (None, X):
        signature = infer_signature(estimator, sample=sample)
        (column,) = signature.columns
        assert column.categories == ("2024-03-30T00:00:00", "2024-03-31T00:00:00")
        assert (column.kind, column.dtype) == ("datetime", "datetime64[us]")
        rows = [{"at": "2024-03-31"}, {"at": "2024-03-30T00:00"}]
        sent = materialize(signature.parse_rows(rows).X)
        np.testing.assert_array_equal(estimator.transform(sent), [[0, 1], [1, 0]])
        if handle_unknown == "error":
            with pytest.raises(InvalidInput) as refusal:
                signature.parse_rows({"at": "2024-04-01"})
            days = "2024-03-30T00:00:00, 2024-03-31T00:00:00"
            assert refusal.value.columns == {"at": [f"Expected one of {days}; got another time."]}
        else:
            sent = materialize(signature.parse_rows({"at": "2024-04-01"}).X)
            np.testing.assert_array_equal(estimator.transform(sent), [[0, 0]])


ENCODERS = [
    OneHotEncoder(sparse_output=False),
    OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    OrdinalEncoder(),
    TargetEncoder(),
]


@pytest.mark.parametrize("dtype", [each for each in DTYPES if "," in each])
@pytest.mark.parametrize("encoder", ENCODERS, ids=str)
def test_an_encoder_of_times_with_a_time_zone_reads_any_offset(encoder, dtype):
    X = table(dtype)[["at"]]
    X.loc[3, "at"] = pd.NaT
    expected = encoder.fit(X, np.arange(ROWS) % 2).transform(X)
    restored = artifacts.open_artifact(artifacts.dump(encoder, X).data).estimator
    for sample in (X, None):
        column = infer_signature(restored, sample=sample).columns[0]
        assert (column.dtype, column.categories) == (
            dtype,
            tuple(time.isoformat() for time in X["at"].dropna()),
        )
    signature = infer_signature(restored, sample=X)
    for zone in ("UTC", "Asia/Kolkata"):
        moved = [None if time is pd.NaT else time.tz_convert(zone).isoformat() for time in X["at"]]
        sent = signature.parse_rows([{"at": time} for time in moved]).X
        result = EstimatorEngine(restored).run(["transform"], sent)["transform"]
        np.testing.assert_array_equal(result, expected)
    if getattr(encoder, "handle_unknown", "") == "error":
        with pytest.raises(InvalidInput) as refusal:
            signature.parse_rows({"at": "2023-01-01T00:00:00Z"})
        assert refusal.value.columns["at"][0].endswith("; got another time.")


def test_an_imputer_of_times_with_a_time_zone_takes_times():
    X = table(OSLO)[["at"]]
    imputer = SimpleImputer(strategy="most_frequent").fit(X)
    restored = artifacts.open_artifact(artifacts.dump(imputer, X).data).estimator
    column = infer_signature(restored, sample=X).columns[0]
    assert (column.kind, column.dtype) == ("datetime", OSLO)
    np.testing.assert_array_equal(restored.transform(X), imputer.transform(X))


@pytest.mark.parametrize("estimator", [OneHotEncoder(), SimpleImputer(strategy="most_frequent")])
def test_a_time_zone_without_a_name_is_rejected(estimator):
    zone = timezone(timedelta(hours=1, seconds=1))
    X = table(OSLO)[["at"]].astype(pd.DatetimeTZDtype("us", zone))
    with pytest.raises(ArtifactError, match=r"The time zone UTC\+01:00:01 is unknown\."):
        artifacts.dump(estimator.fit(X))


@pytest.mark.parametrize(
    "content", ['[1, "object"]', '[1, "datetime64[us, ../UTC]"]', '["a", "datetime64[us]"]', "1"]
)
def test_a_damaged_time_in_a_file_is_rejected(content):
    data = artifacts.dump(OneHotEncoder().fit(table(OSLO)[["at"]])).data

    def change(schema):
        for node in audit.iter_nodes(schema):
            if node["__loader__"] == "TimestampNode":
                node["content"] = hostile.json_node(content)

    with pytest.raises(ArtifactError, match=r"The parts of the file do not make up an estimator\."):
        artifacts.open_artifact(hostile.rewrite_schema(data, change))


def test_times_are_compared_with_the_sample(case):
    _, X, signature = case
    check_action(signature.columns, "refuse")
    late = X["at"].max() + pd.Timedelta("1h")
    rows = [*as_rows(X), {"at": late.isoformat(), "size": 1.5}, {"at": None, "size": 1.5}]
    found = find_out_of_range(signature.columns, signature.parse_rows(rows).X, is_single=False)
    low, high = signature.columns[0].range
    sentence = f"Expected a time from {low} to {high}, as in the sample; got {late.isoformat()}."
    assert found == {"at": [f"Row at index {ROWS}: {sentence}"]}


@pytest.mark.parametrize("dtype", ["datetime64[ns]", "datetime64[D]"])
def test_an_array_of_times_keeps_its_dtype(dtype):
    X = np.arange("2024-01-01", "2024-01-07", dtype="datetime64[D]").astype(dtype).reshape(3, 2)
    estimator = FunctionTransformer(np.isnat).fit(X)
    signature = infer_signature(estimator, sample=X)
    assert [(c.dtype, c.kind, c.nullable) for c in signature.columns] == [
        (dtype, "datetime", True)
    ] * 2
    rows = [{"x0": str(a), "x1": str(b)} for a, b in X]
    sent = signature.parse_rows([*rows, {"x0": None, "x1": "2025-01-01"}]).X
    expected = np.vstack([X, np.array([["NaT", "2025-01-01"]], dtype=dtype)])
    np.testing.assert_array_equal(sent, expected, strict=True)
    arrays = []
    description = json.loads(json.dumps(packing.pack(sent, arrays)))
    received = packing.Unpacker(bytearray(arrays[0].tobytes())).unpack(description)
    np.testing.assert_array_equal(received, sent, strict=True)
    found = find_out_of_range(signature.columns, sent, is_single=False)
    assert found == {
        "x1": [
            (
                "Row at index 3: Expected a time from 2024-01-02T00:00:00 to 2024-01-06T00:00:00, "
                "as in the sample; got 2025-01-01T00:00:00."
            )
        ]
    }
    result = EstimatorEngine(estimator).run(["transform"], sent)
    assert signature.encode_response(result, is_single=False)["transformed"][3] == [True, False]


@pytest.mark.parametrize("dtype", ["<M8", "<m8[ns]", "O"])
def test_an_array_of_another_dtype_does_not_travel(dtype):
    description = {"dtype": dtype, "shape": [1], "fortran": False}
    with pytest.raises(MalformedMessage):
        packing.Unpacker(bytearray(16)).unpack(description)


def test_times_in_a_result_are_texts():
    X = table("datetime64[ms]")
    X.loc[1, "at"] = pd.NaT
    estimator = make_column_transformer(("passthrough", ["at"])).fit(X)
    signature = infer_signature(estimator, sample=X)
    result = EstimatorEngine(estimator).run(["transform"], X)
    transformed = signature.encode_response(result, is_single=False)["transformed"]
    assert pd.Timestamp(transformed[0][0]) == X["at"][0]
    assert transformed[1] == [None]


def test_a_csv_sample_is_read_as_the_stated_type():
    X = table(OSLO)
    estimator = fit(X)
    stated = infer_signature(estimator, sample=X)
    csv = X.head(3).to_csv(index=False).encode()
    sample = artifacts.read_sample(csv, "sample.csv", stated)
    pd.testing.assert_frame_equal(sample, X.head(3))
    refined = infer_signature(estimator, stated.columns, sample).columns[0]
    assert (refined.dtype, refined.kind) == (OSLO, "datetime")
    assert refined.range == (X["at"][0].isoformat(), X["at"][2].isoformat())
    with pytest.raises(ArtifactError, match="In the column at, the row at index 0 has a string"):
        artifacts.read_sample(b"at,size\nsoon,1\n", "sample.csv", stated)


def test_dates_in_a_csv_file_are_texts_unless_the_type_is_stated():
    X = pd.DataFrame({"day": ["2024-01-01", "2024-01-02"], "size": [1.0, 2.0]})
    estimator = make_column_transformer((OneHotEncoder(), ["day"]), (StandardScaler(), ["size"]))
    signature = infer_signature(estimator.fit(X))
    sample = artifacts.read_sample(X.to_csv(index=False).encode(), "sample.csv", signature)
    assert infer_signature(estimator, sample=sample).columns[0].kind == "string"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            pd.to_datetime(["2024-01-01"] * ROWS).date,
            "The column at has objects of the types date.",
        ),
        (
            pd.date_range("2024-01-01", periods=ROWS, tz="dateutil/Europe/Oslo"),
            "The column at has dtype",
        ),
        (pd.to_timedelta(np.arange(ROWS), unit="h"), "The column at has dtype timedelta64"),
    ],
)
def test_other_times_are_refused_by_name(values, message):
    X = table().assign(at=values)
    estimator = FunctionTransformer().fit(X)
    with pytest.raises(ArtifactError, match=message):
        infer_signature(estimator, sample=X)


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "datetime64[us, No/Where]"},
        {"dtype": "float64"},
        {"range": ["soon", "later"]},
        {"range": ["2024-01-01"]},
        {"example": 5},
    ],
)
def test_a_file_cannot_state_an_invalid_column(change):
    X = table(OSLO)
    stated = infer_signature(fit(X), sample=X).to_json()
    stated["columns"][0].update(change)
    with pytest.raises(ArtifactError, match="The signature in the file cannot be read"):
        artifacts.stated_signature.parse_signature(stated)


@settings(max_examples=30)
@given(
    st.lists(
        st.one_of(st.none(), st.datetimes(pd.Timestamp(1700, 1, 1), pd.Timestamp(2250, 1, 1))),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["Z", "+02:00", "-09:30", ""]),
)
def test_any_offset_is_converted_to_the_zone_of_the_column(times, offset):
    column = infer_signature(CALENDAR, sample=SAMPLE)
    rows = [{"at": time and f"{time.isoformat()}{offset}"} for time in times]
    sent = materialize(column.parse_rows(rows).X)
    texts = [None if time is None else f"{time.isoformat()}{offset or 'Z'}" for time in times]
    expected = pd.to_datetime(pd.Series(texts, dtype=object), utc=True, format="ISO8601")
    pd.testing.assert_series_equal(sent["at"], expected.astype(OSLO), check_names=False)


SAMPLE = table(OSLO)[["at"]]
CALENDAR = Calendar().fit(SAMPLE)
