"""Inspection of hostile files: the steps are confined, and a killed step rejects the file."""

import json
import logging
import os
import signal
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingRegressor
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelEncoder,
    OrdinalEncoder,
    PowerTransformer,
    StandardScaler,
)

from mlsite.server.parent import children
from predictor.core import artifacts, engines, save
from predictor.core.columns import Column
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.signature import Signature
from predictor.isolation import confined_fork, reports, run_job, sandbox
from predictor.isolation.evaluation_report import to_plain
from predictor.isolation.job import Outcome
from predictor.isolation.job_client import run_in_supervisor
from predictor.isolation.sandbox import Upload, inspect_file
from predictor.isolation.supervisor_client import get_supervisor
from tests.predictor.core import hostile, onnx_files
from tests.predictor.core.onnx_files import field
from tests.predictor.isolation.hostile_estimators import Hostile, Single
from tests.predictor.isolation.processes import forked, receive
from tests.serving import until

X = np.arange(20.0).reshape(-1, 2)


HOSTILE = "tests.predictor.isolation.hostile_estimators.Hostile"
RAISED = "The model in the file cannot be served: it raises a RuntimeError. "
CRASHED = ["Reading the file crashed, or exceeded the limit of 3 GiB of memory."]


def run_in_forks(job, **changes):
    """Run the steps of a job in forks of this process, which has imported everything."""
    return run_job.run(replace(job, **changes))


@pytest.fixture
def inspect(tmp_path, settings):
    """Save an estimator that does harm, and inspect it."""
    settings.TRUSTED_TYPES = [HOSTILE]

    def inspect(*arguments, run=run_in_forks, **options):
        staged = Path(tempfile.mkdtemp(dir=tmp_path))
        path = tmp_path / "hostile.skops"
        skops.io.dump(Hostile(*arguments, **options).fit(X), path)
        try:
            return inspect_file(Upload(path, allow_version=True), staged, run)
        except InvalidInput as exc:
            assert list(staged.iterdir()) == []
            return exc.columns["artifact"]

    return inspect


def test_a_file_cannot_read_or_write_other_files(inspect, tmp_path):
    secret = tmp_path / "secret_key"
    secret.write_text("private")
    assert inspect("read", str(secret)).format == "skops"
    assert inspect("write", str(tmp_path / "new")).format == "skops"
    # The estimator fails if it succeeds, as with a file of the interpreter.
    assert inspect("read", json.__file__) == [f"{RAISED}The file can be read."]


def test_packages_of_boosting_are_imported_before_the_confinement(inspect):
    """The process that reads the file, which names none of them, has them from the supervisor."""
    names = "catboost lightgbm treelite xgboost"
    assert inspect("name packages", names, run=run_in_supervisor) == [f"{RAISED}{names}."]


def test_a_file_is_accepted_whose_estimator_searches_libraries_with_threads(tmp_path):
    path = tmp_path / "clusters.skops"
    save(KMeans(2, n_init=1, random_state=0).fit(X), path, X)
    assert inspect_file(Upload(path), tmp_path).format == "skops"


def test_a_file_whose_results_do_not_follow_from_its_signature_is_rejected(tmp_path):
    path = tmp_path / "linear.skops"
    estimator = LinearRegression().fit(X, X[:, 0])
    save(estimator, path, X)
    card = hostile.read_members(path.read_bytes())["predictor.json"]
    estimator.coef_ = np.eye(2)
    members = hostile.read_members(skops.io.dumps(estimator))
    path.write_bytes(hostile.pack(members | {"predictor.json": card}))
    reason = "The shape or the type of predict does not follow from the signature."
    with pytest.raises(InvalidInput, match=f"cannot be served. {reason}$"):
        inspect_file(Upload(path), tmp_path, run_in_forks)


def test_a_file_whose_model_takes_one_row_only_is_rejected(tmp_path, settings):
    settings.TRUSTED_TYPES = [f"{Single.__module__}.Single"]
    path = tmp_path / "single.skops"
    skops.io.dump(Single().fit(X), path)
    with pytest.raises(InvalidInput, match=r"cannot be served. It takes one row only\."):
        inspect_file(Upload(path, allow_version=True), tmp_path, run_in_forks)


def test_an_onnx_file_whose_model_rejects_its_own_rows_is_rejected(tmp_path):
    tensor = field(1, 1) + field(2, onnx_files.INT64) + field(7, 7) + field(8, "shape")
    reshape = onnx_files.node("Reshape", ["X", "shape"], ["y"], domain="")
    outputs = [("y", onnx_files.FLOAT, None)]
    path = tmp_path / "reshape.onnx"
    path.write_bytes(onnx_files.model(reshape, 2, outputs, extra=field(5, tensor)))
    reason = (
        "The model rejects every row that was tried. ONNX Runtime cannot run the model for these "
        "rows. If it accepts other rows, add a sample of them."
    )
    assert rejection(path, tmp_path) == reason


def rejection(path, tmp_path, **options):
    """Return the sentence with which a file is rejected."""
    with pytest.raises(InvalidInput) as refusal:
        inspect_file(Upload(path, **options), tmp_path, run_in_forks)
    (sentence,) = refusal.value.columns["artifact"]
    return sentence


TABLE = pd.DataFrame({"size": np.arange(6.0), "city": ["Oslo", "Rome"] * 3})


def unfitted_part():
    voting = VotingRegressor([("r", Ridge()), ("l", LinearRegression())]).fit(X, X[:, 0])
    voting.estimators_[1] = LinearRegression()
    return voting, X


def without_pandas_output():
    with config_context(transform_output="pandas"):
        scaled = make_column_transformer((StandardScaler(), ["size"]))
        named = make_column_transformer((StandardScaler(), ["standardscaler__size"]))
        return make_pipeline(scaled, named).fit(TABLE), TABLE


def other_columns():
    steps = make_pipeline(StandardScaler(), Ridge()).fit(X, X[:, 0])
    steps.steps[1] = ("ridge", Ridge().fit(X[:, :1], X[:, 0]))
    return steps, X


def strings_in_arithmetic():
    steps = make_pipeline(OrdinalEncoder(), Ridge()).fit(TABLE[["city"]], TABLE["size"])
    steps.steps[0] = ("ordinalencoder", FunctionTransformer().fit(TABLE[["city"]]))
    return steps, TABLE[["city"]]


NOT_FITTED = "is not fitted yet. Call 'fit' with appropriate arguments before using this estimator."


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("sampled", [True, False])
@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (unfitted_part, f"This LinearRegression instance {NOT_FITTED}"),
        (
            without_pandas_output,
            "Specifying the columns using strings is only supported for dataframes.",
        ),
        (other_columns, "X has 2 features, but Ridge is expecting 1 features as input."),
        (strings_in_arithmetic, "could not convert string to float: "),
    ],
)
def test_a_model_that_rejects_its_own_rows_is_rejected_with_its_message(
    tmp_path, build, reason, sampled
):
    estimator, rows = build()
    path = tmp_path / "model.skops"
    sample = rows if sampled or build is strings_in_arithmetic else None
    save(estimator, path, sample)
    sentence = rejection(path, tmp_path)
    start = "its own example row" if sample is not None else "every row that was tried"
    assert sentence.startswith(f"The model rejects {start}. {reason}")


@pytest.mark.parametrize(
    "estimator",
    [
        Ridge(),
        make_pipeline(StandardScaler(), Ridge()),
        GridSearchCV(Ridge(), {"alpha": [1, 2]}),
        VotingRegressor([("r", Ridge())]),
        make_column_transformer((StandardScaler(), [0])),
        LabelEncoder(),
        TfidfVectorizer(),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_an_estimator_that_is_not_fitted_is_reported(tmp_path, estimator):
    sentence = f"{type(estimator).__name__} is not fitted. Call its fit method before it is saved."
    for sample in (None, X):
        with pytest.raises(ArtifactError) as refusal:
            save(estimator, tmp_path / "model.skops", sample)
        assert str(refusal.value) == sentence
    path = tmp_path / "plain.skops"
    skops.io.dump(estimator, path)
    assert rejection(path, tmp_path) == sentence


def test_a_first_step_that_is_not_fitted_is_reported(tmp_path):
    estimator = make_pipeline(StandardScaler(), Ridge()).fit(X, X[:, 0])
    estimator.steps[0] = ("standardscaler", StandardScaler())
    path = tmp_path / "model.skops"
    sentence = "StandardScaler is not fitted. Call its fit method before it is saved."
    with pytest.raises(ArtifactError) as refusal:
        save(estimator, path)
    assert str(refusal.value) == sentence
    skops.io.dump(estimator, path)
    assert rejection(path, tmp_path) == sentence


@pytest.mark.parametrize(
    "estimator",
    [
        PowerTransformer(method="box-cox"),
        make_pipeline(FunctionTransformer(np.log), Ridge()),
        make_pipeline(AdditiveChi2Sampler(), Ridge()),
        KNeighborsRegressor(2, metric="haversine"),
        HashingVectorizer(n_features=8),
        FunctionTransformer(),
    ],
    ids=lambda estimator: str(estimator)[:30],
)
@pytest.mark.filterwarnings("ignore")
def test_a_model_that_rejects_zeros_or_needs_no_fit_is_accepted(tmp_path, estimator):
    path = tmp_path / "model.skops"
    texts = isinstance(estimator, HashingVectorizer)
    if not texts:
        estimator.fit(X + 1, X[:, 0])
    save(estimator, path, ["a b", "c"] if texts else None)
    assert inspect_file(Upload(path), tmp_path, run_in_forks).format == "skops"


def test_the_environment_of_a_file_holds_no_secrets(inspect, settings):
    settings.TRUSTED_TYPES = [HOSTILE, "nowhere.Missing"]  # a missing module rejects no other file
    assert inspect("environment", run=None).format == "skops"
    assert inspect("environment")[0].startswith(RAISED)


@pytest.mark.parametrize("action", ["crash", "kill", "exit"])
def test_a_step_that_crashes_while_it_reads_rejects_the_file(inspect, action, caplog):
    assert inspect(action, run=None if action == "crash" else run_in_forks) == CRASHED
    if action == "crash":
        (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
        assert record.getMessage().startswith("The inspection of a model ended with exit code -11")


def test_a_file_that_needs_too_much_memory_is_rejected(inspect):
    assert inspect("allocate") == ["Reading the file takes more than 3 GiB of memory."]


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("crash", "Segmentation fault"),
        ("kill", "Killed"),
        ("real-time signal", "Real-time signal 6"),
    ],
)
def test_a_compilation_that_is_killed_rejects_the_file(inspect, action, name):
    assert inspect(action, only_compiled=True) == [
        f"Compiling the model ended with a signal: {name}."
    ]


@pytest.mark.parametrize("action", ["exit", "allocate"])
def test_a_compilation_that_fails_leaves_the_estimator(inspect, action):
    inspection = inspect(action, only_compiled=True)
    reason = "The compilation crashed or exceeded its memory limit."
    assert inspection.engines == {
        "engine": "scikit-learn",
        "reason": reason,
        "methods": {},
        "built_with": engines.built_with(),
    }
    assert inspection.compiled == ""


def test_a_compilation_that_takes_too_long_leaves_the_estimator(inspect):
    inspection = inspect("loop", only_compiled=True, run=partial(run_in_forks, time_s=2))
    assert inspection.engines["reason"] == "The compilation took more than 2 seconds."
    assert inspection.format == "skops"


def test_a_file_that_computes_too_long_is_rejected(inspect):
    run = partial(run_in_forks, time_s=1)
    assert inspect("loop", run=run) == ["Reading the file took more than 60 seconds."]


def test_a_file_that_writes_to_every_descriptor_is_rejected(inspect):
    (message,) = inspect("flood", only_compiled=True)
    assert message.startswith(UNEXPECTED)


UNEXPECTED = "The process that reads the file returned an unexpected report: "
COLUMN = {"name": "x0", "dtype": "float64", "kind": "number"}
SIGNATURE = {"columns": [COLUMN], "methods": ["predict"], "classes": None}
DESCRIPTION = {"format": "skops", "signature": SIGNATURE, "fitted_with": {}, "notes": []}
METHOD = {"one": "numpy", "up_to_rows": None, "microseconds": {"1": {"numpy": 1.5}}}
ENGINES = {"engine": "numpy", "methods": {"predict": METHOD}, "seconds": 0.1, "joined": True}


METRIC = {"value": 0.5, "low": 0.25, "high": None}
ROC = {"label": 0, "fpr": [0, 1], "tpr": [0, 1]}
EVALUATION = {
    "task": "classification",
    "target": ["y"],
    "n_rows": 2,
    "metrics": {"accuracy": METRIC},
    "confusion_matrix": {"labels": [0, 1], "counts": [[1, 0], [0, 1]]},
    "roc_curves": [ROC],
    "calibration_curves": [{"label": 0, "predicted": [0.5], "observed": [1], "counts": [2]}],
    "predicted_values": {"edges": [0, 1, 2], "cells": [[0, 1, 2]]},
    "importance": {"metric": "accuracy", "n_rows": 2, "n_repeats": 5, "mean": [0.5], "std": [0]},
    "notes": ["a note"],
}


def write_report(description=DESCRIPTION, engines=ENGINES):
    return b"\n".join(json.dumps(line).encode() for line in (description, engines))


def with_signature(**changes):
    return write_report(DESCRIPTION | {"signature": SIGNATURE | changes})


def with_column(**changes):
    return with_signature(columns=[COLUMN | changes])


def with_evaluation(**changes):
    return write_report(DESCRIPTION | {"evaluation": EVALUATION | changes})


def with_part(name, **changes):
    part = EVALUATION[name]
    changed = [part[0] | changes] if isinstance(part, list) else part | changes
    return with_evaluation(**{name: changed})


def with_method(**changes):
    return write_report(engines=ENGINES | {"methods": {"predict": METHOD | changes}})


def test_a_report_of_very_many_columns_says_so():
    report = with_signature(columns=[COLUMN | {"name": f"x{n}"} for n in range(300_000)])
    with pytest.raises(ArtifactError) as rejection:
        reports.parse(report[: reports.MAX_BYTES])
    assert str(rejection.value) == (
        "The model has too many columns or categories: their description needs more than 16 MB."
    )


HUGE = "9" * 80
# Values that no field of a report may contain, in JSON.
HOSTILE_VALUES = {
    "U+0000": r'"a\u0000b"',
    "a lone surrogate": r'"\ud800"',
    "a low surrogate": r'"\udc00"',
    "not a number": "NaN",
    "infinity": "-Infinity",
    "a number beyond float64": "1e999",
    "a huge integer": HUGE,
    "an integer of 5,000 digits": "9" * 5000,
    "nested lists": "[" * 100_000 + "]" * 100_000,
    "nested objects": '{"a":' * 100 + "1" + "}" * 100,
    "a long text": f'"{"a" * 10_001}"',
}
# Reports in which each of these values takes the place of "HERE".
PLACES = {
    "a column": with_column(name="HERE"),
    "a dtype": with_column(dtype="HERE"),
    "a description of a column": with_column(description="HERE"),
    "a category": with_column(categories=["HERE"]),
    "an example": with_column(example="HERE"),
    "a range": with_column(range=[0, "HERE"]),
    "a category of the dtype": with_column(dtype_categories=["HERE"]),
    "a class": with_signature(classes=[0, "HERE"]),
    "a class of several outputs": with_signature(classes=[[0, "HERE"]]),
    "a name of a class": with_signature(classes=[0], class_names={"0": "HERE"}),
    "a number of outputs": with_signature(n_outputs="HERE"),
    "a method": with_signature(methods=["HERE"]),
    "a note": write_report(DESCRIPTION | {"notes": ["HERE"]}),
    "a version of software": write_report(DESCRIPTION | {"fitted_with": {"numpy": "HERE"}}),
    "a description": write_report(DESCRIPTION | {"description": "HERE"}),
    "an estimator": write_report(DESCRIPTION | {"estimator": "HERE"}),
    "a metric": write_report(DESCRIPTION | {"metrics": {"accuracy": "HERE"}}),
    "a reason": with_method(reason="HERE"),
    "a time": with_method(microseconds={"1": {"numpy": "HERE"}}),
    "a number of rows": with_method(up_to_rows="HERE"),
    "an engine": write_report(engines=ENGINES | {"engine": "HERE"}),
    "a target": with_evaluation(target=["HERE"]),
    "a number of test rows": with_evaluation(n_rows="HERE"),
    "a measured metric": with_evaluation(metrics={"r2": METRIC | {"value": "HERE"}}),
    "an end of an interval": with_evaluation(metrics={"r2": METRIC | {"low": "HERE"}}),
    "a label": with_part("confusion_matrix", labels=[0, "HERE"]),
    "a number of a matrix": with_part("confusion_matrix", counts=[[1, 0], [0, "HERE"]]),
    "a rate": with_part("roc_curves", fpr=[0, "HERE"]),
    "a label of a curve": with_part("calibration_curves", label="HERE"),
    "an edge": with_part("predicted_values", edges=[0, 1, "HERE"]),
    "a cell": with_part("predicted_values", cells=[[0, 1, "HERE"]]),
    "an importance": with_part("importance", mean=["HERE"]),
    "the metric of the importance": with_part("importance", metric="HERE"),
    "a note of an evaluation": with_evaluation(notes=["HERE"]),
    "a count of a column": with_column(counts=["HERE"]),
}
FLOATS = {
    *("a metric", "a time"),
    *("a measured metric", "an end of an interval", "an edge", "an importance"),
}
# Reports in which each of the values takes the place of the key "HERE".
KEYS = {
    "a key of software": write_report(DESCRIPTION | {"fitted_with": {"HERE": "1"}}),
    "a key of metrics": write_report(DESCRIPTION | {"metrics": {"HERE": 1}}),
    "a key of classes": with_signature(classes=["HERE"], class_names={"HERE": "a"}),
    "a key of methods": write_report(engines=ENGINES | {"methods": {"HERE": METHOD}}),
    "a key of times": with_method(microseconds={"1": {"HERE": 1.5}}),
    "a key of measured metrics": with_evaluation(metrics={"HERE": METRIC}),
}
MALFORMED = {
    "nothing": b"",
    "half a report": b"{",
    "one line": json.dumps(DESCRIPTION).encode(),
    "no UTF-8": write_report(DESCRIPTION | {"notes": ["HERE"]}).replace(b"HERE", b"\xff"),
    "another format": write_report(DESCRIPTION | {"format": "../../model"}),
    "a number as a note": write_report(DESCRIPTION | {"notes": [1]}),
    "another field": write_report(DESCRIPTION | {"artifact": "model.skops"}),
    "a list as signature": write_report(DESCRIPTION | {"signature": []}),
    "a list as outcome": write_report(engines=[]),
    "a list as methods": write_report(engines=ENGINES | {"methods": []}),
    "a dtype of a gigabyte": with_column(dtype="U268435456"),
    "no outputs": with_signature(n_outputs=0),
    "another task": with_evaluation(task="clustering"),
    "another part": with_evaluation(shap=[]),
    "too many metrics": with_evaluation(metrics={f"metric {n}": METRIC for n in range(21)}),
    "too few rows of a matrix": with_part("confusion_matrix", counts=[[1, 0]]),
    "too few columns of a matrix": with_part("confusion_matrix", counts=[[1, 0], [1]]),
    "a share beyond 1": with_part("roc_curves", tpr=[0, 1.5]),
    "too few rates": with_part("roc_curves", tpr=[0]),
    "too many rates": with_part("roc_curves", fpr=[0] * 101, tpr=[0] * 101),
    "too few counts": with_part("calibration_curves", counts=[]),
    "a bin that does not exist": with_part("predicted_values", cells=[[2, 0, 1]]),
    "edges that do not increase": with_part("predicted_values", edges=[0, 2, 1]),
    "too many importances": with_part("importance", mean=[1, 2], std=[1, 2]),
}


@pytest.mark.parametrize("report", MALFORMED.values(), ids=MALFORMED)
def test_an_unexpected_report_is_rejected(report):
    with pytest.raises(ArtifactError, match=UNEXPECTED):
        reports.parse(report)


def is_accepted(report):
    try:
        reports.parse(report)
    except ArtifactError as exc:
        return not str(exc).startswith(UNEXPECTED)
    return True


@pytest.mark.parametrize("value", HOSTILE_VALUES.values(), ids=HOSTILE_VALUES)
def test_a_hostile_value_anywhere_in_a_report_is_rejected(value):
    accepted = {
        place
        for place, report in (PLACES | KEYS).items()
        if is_accepted(report.replace(b'"HERE"', value.encode()))
    }
    assert accepted == (FLOATS if value == HUGE else set())


@pytest.mark.parametrize(
    "report",
    [
        with_column(kind="code"),
        with_signature(methods=["__reduce__"]),
        with_signature(methods=[]),
        with_signature(columns=[]),
        with_signature(columns=[COLUMN, COLUMN]),
        with_signature(columns=[], container="frame"),
        with_signature(container="pickle"),
        with_signature(classes=[0], class_names={"1": "one"}),
        with_column(kind="integer", dtype="int8", example=1000),
        with_column(dtype="nothing"),
        with_column(range=[0, 1], counts=[1, 2, 3]),
        with_column(counts=[1] * 10),
    ],
)
def test_a_report_with_an_invalid_signature_is_rejected(report):
    with pytest.raises(ArtifactError, match="The signature in the file cannot be read"):
        reports.parse(report)


def test_a_report_is_read():
    description, engines = reports.parse(with_evaluation())
    assert description.signature["columns"][0]["name"] == "x0"
    assert engines == ENGINES
    assert json.loads(json.dumps(to_plain(description.evaluation))) == EVALUATION


@pytest.mark.parametrize(
    "column",
    [
        {"range": [0.0, 1.0], "counts": [1] * 10, "example": 0.5},
        {"dtype": "datetime64[us, Europe/Oslo]", "kind": "datetime"}
        | {"range": ["2026-01-01T00:00:00+01:00"] * 2},
        {"dtype": "datetime64[ns, UTC+05:30]", "kind": "datetime"},
        {"dtype": "category", "kind": "string", "categories": ["a"], "closed": True}
        | {"dtype_categories": ["a", "b"], "ordered": True, "counts": [3], "example": "a"},
    ],
)
def test_every_field_of_a_column_is_read(column):
    fields = Column.from_json(COLUMN | column).to_json()
    description, _ = reports.parse(with_signature(columns=[fields], container="frame"))
    assert json.dumps(description.signature["columns"]) == json.dumps([fields])


@pytest.mark.parametrize("data", [b"", b"{}", b'{"rejected": 1}', b'{"rejected": "\\u0000"}'])
def test_an_unexpected_reason_of_a_rejection_is_rejected(data):
    with pytest.raises(ArtifactError, match=UNEXPECTED):
        reports.parse_rejection(data)


def test_a_hostile_report_rejects_the_file(tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(b"a file")
    (tmp_path / "staged").mkdir()

    def run(job):
        os.write(job.report, with_column(name="a\0b"))
        return Outcome()

    with pytest.raises(InvalidInput) as refusal:
        inspect_file(Upload(path), tmp_path / "staged", run)
    (message,) = refusal.value.columns["artifact"]
    assert message.startswith(UNEXPECTED)
    assert message.endswith("at `$.signature.columns[0].name`.")
    assert list((tmp_path / "staged").iterdir()) == []


@pytest.mark.parametrize(
    ("target", "test", "field", "sentence"),
    [
        (
            "y",
            b"x0,x1,y\n1,2,3\n1,2,x\n",
            "test",
            "the row at index 1 has a text that is not a finite number",
        ),
        ("z", b"x0,x1,y\n1,2,3\n1,2,3\n", "target", "The test data has no column z."),
        ("", b"x0", "target", "test needs target"),
        ("y", None, "test", "target needs test"),
    ],
)
def test_wrong_test_data_rejects_the_file_and_names_the_field(
    tmp_path, target, test, field, sentence
):
    path, data, staged = (tmp_path / name for name in ("model.skops", "test.csv", "staged"))
    save(LinearRegression().fit(X, X[:, 0]), path)
    data.write_bytes(test or b"")
    staged.mkdir()
    upload = Upload(path, test=data if test else None, target=target)
    with pytest.raises(InvalidInput, match=sentence) as refusal:
        inspect_file(upload, staged, run_in_forks)
    assert list(refusal.value.columns) == [field]
    assert list(staged.iterdir()) == []


def test_a_model_directory_of_mlflow_is_read(tmp_path):
    directory, staged = tmp_path / "model", tmp_path / "staged"
    directory.mkdir()
    staged.mkdir()
    with pytest.raises(InvalidInput, match="not an MLflow model: it has no MLmodel file"):
        inspect_file(Upload(directory), staged)
    estimator = LinearRegression().fit(X, X[:, 0])
    skops.io.dump(estimator, tmp_path / "outside.skops")
    (directory / "MLmodel").write_text(
        "flavors: {sklearn: {pickled_model: model.skops, serialization_format: skops}}"
    )
    (directory / "model.skops").symlink_to(tmp_path / "outside.skops")
    with pytest.raises(InvalidInput, match="is not in the archive"):
        inspect_file(Upload(directory), staged, run_in_forks)
    (directory / "model.skops").unlink()
    (tmp_path / "outside.skops").rename(directory / "model.skops")
    inspection = inspect_file(Upload(directory), staged, run_in_forks)
    loaded = artifacts.load(staged / inspection.artifact)
    np.testing.assert_array_equal(loaded.predict(X), estimator.predict(X))


def test_a_bundled_model_is_trained_in_a_confined_process(tmp_path, fitted):
    trained = sandbox.train("iris", tmp_path, run_in_forks)
    assert trained.description == fitted.description
    assert trained.metrics == fitted.metrics
    held_out = fitted.held_out.evaluate(Signature.from_json(trained.signature))
    assert trained.evaluation == json.loads(json.dumps(held_out))
    rows = fitted.held_out.estimator.predict(fitted.held_out.X) == fitted.held_out.y
    assert trained.evaluation["metrics"]["accuracy"]["value"] == rows.mean()
    assert trained.evaluation["notes"][0].startswith("A model of the same kind was evaluated")
    names = {"model.skops", engines.file_name(trained.compiled)}
    assert {path.name for path in tmp_path.iterdir()} == names
    loaded = artifacts.load(tmp_path / "model.skops")
    np.testing.assert_array_equal(loaded.predict(fitted.X), fitted.estimator.predict(fitted.X))


def test_a_training_that_is_killed_is_reported(tmp_path):
    with pytest.raises(ArtifactError, match="Training the model crashed, or exceeded the limit of"):
        sandbox.train("iris", tmp_path, lambda job: Outcome(job.steps[0], -signal.SIGKILL))
    assert list(tmp_path.iterdir()) == []


def test_an_artifact_that_kills_its_compilation_is_reported(tmp_path, settings):
    settings.TRUSTED_TYPES = [HOSTILE]
    path = tmp_path / "model.skops"
    skops.io.dump(Hostile("crash").fit(X), path)
    description = DESCRIPTION | {"notes": []}
    with pytest.raises(
        ArtifactError, match="Compiling the model ended with a signal: Segmentation fault"
    ):
        sandbox.compile_file(path, description, tmp_path, any_version=True)
    with pytest.raises(ArtifactError, match="fitted with an unknown version of scikit-learn"):
        sandbox.compile_file(path, description, tmp_path, any_version=False)
    assert list(tmp_path.iterdir()) == [path]


def test_an_inspection_ends_with_the_server(tmp_path, settings):
    settings.TRUSTED_TYPES = [HOSTILE]
    skops.io.dump(Hostile("loop").fit(X), tmp_path / "model.skops")
    (tmp_path / "staged").mkdir()

    def server(channel):
        """Start an inspection that has a descriptor of the test, and tell its process."""

        def run(job):
            return run_in_supervisor(replace(job, sample=channel))

        upload = Upload(tmp_path / "model.skops", allow_version=True)
        inspect_file(upload, tmp_path / "staged", run)

    with forked(server) as (child, reading):
        (supervisor,) = until(lambda: children(child), "a supervisor")
        (job,) = until(lambda: children(supervisor), "the process of the job")
        until(lambda: children(job), "a confined process")
        os.kill(child, signal.SIGKILL)
        assert receive(reading) == b""


def test_a_job_ends_when_nobody_waits_for_it(tmp_path, settings):
    settings.TRUSTED_TYPES = [HOSTILE]
    skops.io.dump(Hostile("loop").fit(X), tmp_path / "model.skops")
    (tmp_path / "staged").mkdir()
    reading, writing = os.pipe()

    def run(job):
        """Start a job whose processes hold the pipe, and do not wait for its outcome."""
        get_supervisor().start_job(replace(job, sample=writing)).close()
        return Outcome("inspection", 1)

    with pytest.raises(InvalidInput, match="crashed"):
        inspect_file(Upload(tmp_path / "model.skops", allow_version=True), tmp_path / "staged", run)
    os.close(writing)
    assert os.read(reading, 1) == b""  # the pipe has no other end any more
    os.close(reading)


def exits(code):
    raise SystemExit(code)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (lambda: None, 0),
        (lambda: exits(3), 3),
        (lambda: int("a"), 1),
        (lambda: signal.raise_signal(signal.SIGTERM), -signal.SIGTERM),
    ],
)
def test_a_confined_fork_returns_its_exit_code(step, expected, capfd):
    code = confined_fork.run(step, keep=(), memory_bytes=2**33, cpu_seconds=10)
    assert code == expected
    assert ("ValueError" in capfd.readouterr().err) is (expected == 1)


def test_a_confined_fork_is_killed_at_its_deadline():
    step = signal.pause
    assert confined_fork.run(step, keep=(), memory_bytes=2**33, cpu_seconds=10, deadline=0) is None


def test_a_confined_fork_that_closes_its_descriptors_does_not_outlive_its_run():
    """The closed pipe looks like its end."""

    def step():
        os.closerange(3, 64)
        signal.pause()

    code = confined_fork.run(step, keep=(), memory_bytes=2**33, cpu_seconds=10)
    assert code == -signal.SIGKILL
