"""Evaluation on held-out rows: every number equals that of scikit-learn or SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from predictor.core import artifacts
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput
from predictor.core.evaluation import classification, importance, regression
from predictor.core.evaluation.evaluate import check_task, evaluate
from predictor.core.evaluation.holdout import MAX_ROWS, Holdout, read_holdout
from predictor.core.holdout_file import write_holdout
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature
from tests.predictor.core import onnx_files

IRIS = load_iris(as_frame=True)
SPECIES = pd.Series(IRIS.target_names[IRIS.target], name="species")
DIABETES = load_diabetes(as_frame=True)


def hold_out(estimator, X, y):
    """Fit an estimator on half of the rows; return it, its signature and the other half."""
    X_fit, X_test, y_fit, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
    estimator.fit(X_fit, y_fit)
    return estimator, infer_signature(estimator, sample=X_fit), X_test, y_test


def evaluate_csv(estimator, signature, X, y):
    target, data = write_holdout(X, y, signature)
    return evaluate(estimator, signature, read_holdout(data, target, signature))


def value(number):
    return {"value": pytest.approx(number, rel=1e-12), "low": None, "high": None}


def accuracy(y, predicted):
    correct = int((np.asarray(y) == predicted).sum())
    interval = stats.binomtest(correct, len(y)).proportion_ci(0.95, method="wilson")
    return {"value": correct / len(y), "low": interval.low, "high": interval.high}


def importances(estimator, X, y, scoring):
    found = permutation_importance(
        estimator, X, y, scoring=scoring, n_repeats=5, random_state=0, max_samples=1.0
    )
    return {
        "n_rows": len(y),
        "n_repeats": 5,
        "mean": pytest.approx(found.importances_mean.tolist(), abs=1e-12),
        "std": pytest.approx(found.importances_std.tolist(), abs=1e-12),
    }


def test_a_classifier_of_three_classes_with_strings():
    estimator, signature, X, y = hold_out(LogisticRegression(), IRIS.data.iloc[:, :2], SPECIES)
    labels = estimator.classes_.tolist()
    predicted, p = estimator.predict(X), estimator.predict_proba(X)
    evaluation = evaluate_csv(estimator, signature, X, y)
    rocs, calibrations = (evaluation.pop(f"{name}_curves") for name in ("roc", "calibration"))
    assert evaluation == {
        "task": "classification",
        "target": ["species"],
        "n_rows": 75,
        "metrics": {
            "accuracy": accuracy(y, predicted),
            "balanced_accuracy": value(metrics.balanced_accuracy_score(y, predicted)),
            "log_loss": value(metrics.log_loss(y, p)),
            "roc_auc": value(metrics.roc_auc_score(y, p, multi_class="ovr", average="macro")),
        },
        "confusion_matrix": {
            "labels": labels,
            "counts": metrics.confusion_matrix(y, predicted, labels=labels).tolist(),
        },
        "importance": {"metric": "accuracy"} | importances(estimator, X, y, "accuracy"),
        "notes": [],
    }
    for position, (label, roc, calibration) in enumerate(
        zip(labels, rocs, calibrations, strict=True)
    ):
        fpr, tpr, _ = metrics.roc_curve(y == label, p[:, position])
        assert roc["label"] == calibration["label"] == label
        points = list(zip(roc["fpr"], roc["tpr"], strict=True))
        assert set(points) <= set(zip(fpr.tolist(), tpr.tolist(), strict=True))
        assert (points[0], points[-1]) == ((0, 0), (1, 1))
        observed, expected = calibration_curve(y == label, p[:, position], n_bins=10)
        assert calibration["observed"] == pytest.approx(observed.tolist())
        assert calibration["predicted"] == pytest.approx(expected.tolist())
        assert sum(calibration["counts"]) == 75
        shares = np.multiply(calibration["observed"], calibration["counts"])
        assert shares.sum() == pytest.approx((y == label).sum())


def test_a_classifier_of_two_classes_without_probabilities():
    y = IRIS.target == 2
    estimator, signature, X, y = hold_out(LinearSVC(), IRIS.data.to_numpy(), y.to_numpy())
    evaluation = evaluate_csv(estimator, signature, X, y)
    assert evaluation["metrics"] == {
        "accuracy": accuracy(y, estimator.predict(X)),
        "balanced_accuracy": value(metrics.balanced_accuracy_score(y, estimator.predict(X))),
        "roc_auc": value(metrics.roc_auc_score(y, estimator.decision_function(X))),
    }
    assert [curve["label"] for curve in evaluation["roc_curves"]] == [True]
    assert "calibration_curves" not in evaluation
    assert evaluation["target"] == ["target"]


def test_a_classifier_of_three_classes_without_probabilities_has_no_curves():
    evaluation = evaluate_csv(*hold_out(LinearSVC(), IRIS.data, IRIS.target))
    assert list(evaluation["metrics"]) == ["accuracy", "balanced_accuracy"]
    assert "roc_curves" not in evaluation


def test_a_long_curve_is_thinned_to_points_of_the_curve():
    rng = np.random.default_rng(0)
    y = rng.random(5000) < 0.5
    scores = y + rng.normal(size=5000)
    curve = classification._compute_roc_curve(y, scores)
    fpr, tpr, _ = metrics.roc_curve(y, scores)
    points = list(zip(curve["fpr"], curve["tpr"], strict=True))
    assert len(points) == 50
    assert set(points) <= set(zip(fpr.tolist(), tpr.tolist(), strict=True))
    assert metrics.auc(curve["fpr"], curve["tpr"]) == pytest.approx(
        metrics.roc_auc_score(y, scores), abs=0.002
    )


def test_rows_of_one_class_have_no_roc_auc():
    estimator, signature, X, y = hold_out(LogisticRegression(), IRIS.data, IRIS.target)
    evaluation = evaluate_csv(estimator, signature, X[y < 2], y[y < 2])
    assert list(evaluation["metrics"]) == ["accuracy", "balanced_accuracy", "log_loss"]
    assert [curve["label"] for curve in evaluation["roc_curves"]] == [0, 1]
    assert evaluation["notes"] == [
        "The ROC AUC is omitted: the rows have one kind of target for the class 2."
    ]
    log_loss = metrics.log_loss(y[y < 2], estimator.predict_proba(X[y < 2]), labels=[0, 1, 2])
    assert evaluation["metrics"]["log_loss"] == value(log_loss)


def test_many_classes_have_metrics_only(monkeypatch):
    monkeypatch.setattr(classification, "MAX_CLASSES", 2)
    evaluation = evaluate_csv(*hold_out(LogisticRegression(), IRIS.data, IRIS.target))
    assert "roc_auc" in evaluation["metrics"]
    assert {"confusion_matrix", "roc_curves", "calibration_curves"}.isdisjoint(evaluation)
    assert evaluation["notes"] == [
        "The confusion matrix and curves are omitted: there are more than 2 classes."
    ]


def test_a_regressor(monkeypatch):
    monkeypatch.setattr(regression, "N_RESAMPLES", 50)
    estimator, signature, X, y = hold_out(LinearRegression(), DIABETES.data, DIABETES.target)
    predicted = estimator.predict(X)
    evaluation = evaluate_csv(estimator, signature, X, y)
    functions = {
        "r2": metrics.r2_score,
        "mean_absolute_error": metrics.mean_absolute_error,
        "root_mean_squared_error": metrics.root_mean_squared_error,
    }
    assert list(evaluation["metrics"]) == list(functions)
    for name, function in functions.items():
        interval = stats.bootstrap(
            (y.to_numpy(), predicted),
            function,
            paired=True,
            vectorized=False,
            n_resamples=50,
            batch=10,
            method="percentile",
            rng=np.random.default_rng(0),
        ).confidence_interval
        metric = evaluation["metrics"][name]
        assert metric["value"] == pytest.approx(function(y, predicted), rel=1e-12)
        assert (metric["low"], metric["high"]) == pytest.approx(tuple(interval), rel=1e-9)
    limits = min(y.min(), predicted.min()), max(y.max(), predicted.max())
    counts, edges, _ = np.histogram2d(y, predicted, 20, [limits, limits])
    found = np.zeros((20, 20))
    for true_bin, predicted_bin, count in evaluation["predicted_values"]["cells"]:
        found[true_bin, predicted_bin] = count
    np.testing.assert_array_equal(found, counts)
    assert evaluation["predicted_values"]["edges"] == pytest.approx(edges.tolist())
    assert evaluation["importance"] == {"metric": "r2"} | importances(estimator, X, y, "r2")


def test_several_outputs_have_means_over_the_outputs():
    y = np.column_stack([DIABETES.target, DIABETES.target**2])
    estimator, signature, X, y = hold_out(LinearRegression(), DIABETES.data, y)
    evaluation = evaluate_csv(estimator, signature, X, y)
    predicted = estimator.predict(X)
    assert evaluation["target"] == ["target", "target_2"]
    assert evaluation["metrics"]["r2"]["value"] == pytest.approx(metrics.r2_score(y, predicted))
    rmse = evaluation["metrics"]["root_mean_squared_error"]
    assert rmse["value"] == pytest.approx(metrics.root_mean_squared_error(y, predicted))
    assert rmse["low"] < rmse["value"] < rmse["high"]
    assert "predicted_values" not in evaluation


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "estimator",
    [MultiOutputClassifier(LogisticRegression()), MLPClassifier(max_iter=20, random_state=0)],
)
def test_several_outputs_of_a_classifier_have_the_share_of_rows_that_are_right(estimator):
    y = pd.DataFrame({"setosa": (IRIS.target == 0) * 1, "long": (IRIS.data.iloc[:, 0] > 6) * 1})
    estimator, signature, X, y = hold_out(estimator, IRIS.data, y)
    evaluation = evaluate_csv(estimator, signature, X, y)
    share = metrics.accuracy_score(y, estimator.predict(X))
    assert evaluation["target"] == ["setosa", "long"]
    assert list(evaluation["metrics"]) == ["accuracy"]
    assert evaluation["metrics"]["accuracy"]["value"] == pytest.approx(share)
    assert "importance" in evaluation


TABLE = pd.DataFrame(
    {
        "city": ["Oslo", "NA", "Rome", "Oslo", "NA", "Rome"] * 4,
        "open": [True, False, True] * 8,
        "size": np.arange(24.0),
    }
)


def test_rows_are_read_as_predictions_are():
    y = TABLE["size"].to_numpy(dtype=float)
    steps = make_column_transformer(
        (OneHotEncoder(), ["city", "open"]), (StandardScaler(), ["size"])
    )
    estimator = make_pipeline(steps, LinearRegression()).fit(TABLE, y)
    signature = infer_signature(estimator, sample=TABLE)
    target, data = write_holdout(TABLE[::-1], y[::-1], signature)
    holdout = read_holdout(data, target, signature)
    pd.testing.assert_frame_equal(holdout.X.dataframe, TABLE[::-1].reset_index(drop=True))
    assert evaluate(estimator, signature, holdout)["metrics"]["r2"]["value"] == pytest.approx(1)


def test_texts_have_no_importance():
    texts, y = ["good day", "bad day", "good", "bad"] * 3, ["yes", "no"] * 6
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, y)
    evaluation = evaluate_csv(estimator, infer_signature(estimator, sample=texts), texts, y)
    assert evaluation["metrics"]["accuracy"]["value"] == 1
    (note,) = evaluation["notes"]
    assert note.endswith("is omitted: the input of the model is not a table of scikit-learn.")


@pytest.mark.parametrize(
    ("name", "limit", "reason"),
    [
        ("MAX_S", 0.0, "its predictions take more than 0 seconds of processor time"),
        ("MAX_COLUMNS", 3, "the model has more than 3 columns"),
    ],
)
def test_the_cost_of_the_importance_is_limited(monkeypatch, name, limit, reason):
    monkeypatch.setattr(importance, name, limit)
    evaluation = evaluate_csv(*hold_out(RandomForestClassifier(5), IRIS.data, IRIS.target))
    assert evaluation["notes"] == [f"The importance of the columns is omitted: {reason}."]


class Overflowing(LinearRegression):
    """A regressor whose prediction is infinite where no row of the test data is."""

    def predict(self, X):
        X = np.asarray(X)
        return np.where((X[:, 0] > 0) & (X[:, 1] > 0), np.inf, super().predict(X))


def test_the_importance_is_omitted_if_shuffled_rows_have_no_finite_prediction():
    X = np.array([[1.0, -1.0], [-1.0, 1.0]] * 10)
    y = X[:, 0]
    estimator = Overflowing().fit(X, y)
    signature = infer_signature(estimator, sample=X)
    evaluation = evaluate(estimator, signature, Holdout(X, y.reshape(-1, 1), ("y",)))
    assert "importance" not in evaluation
    assert evaluation["notes"] == [
        "The importance of the columns is omitted: the model rejects rows with shuffled values."
    ]


def test_the_importance_uses_a_bounded_number_of_rows(monkeypatch):
    monkeypatch.setattr(importance, "MAX_ROWS", 20)
    evaluation = evaluate_csv(*hold_out(LogisticRegression(), IRIS.data, IRIS.target))
    assert (evaluation["n_rows"], evaluation["importance"]["n_rows"]) == (75, 20)


def test_intervals_that_are_not_finite_are_absent():
    y = np.array([[1.0], [2.0]])
    low, _ = regression.compute_intervals(y, y + 1)
    assert not np.isfinite(low[0])
    estimator = LinearRegression().fit([[0.0], [1.0]], [2.0, 3.0])
    signature = infer_signature(estimator)
    holdout = Holdout(np.array([[0.0], [1.0]]), y, ("y",))
    r2 = evaluate(estimator, signature, holdout)["metrics"]["r2"]
    assert r2 == {"value": pytest.approx(-3), "low": None, "high": None}


@pytest.mark.parametrize("estimator", [KMeans(2), IsolationForest(), StandardScaler()])
def test_a_model_without_a_target_cannot_be_evaluated(estimator):
    estimator.fit(IRIS.data)
    sentence = "Test data needs a classifier or a regressor; "
    with pytest.raises(InvalidInput, match=f"^{sentence}{type(estimator).__name__} is neither"):
        check_task(estimator, infer_signature(estimator))


@pytest.fixture(scope="module")
def table_model():
    y = ["yes", "no", "no"] * 8
    steps = make_column_transformer(
        (OneHotEncoder(), ["city", "open"]), (StandardScaler(), ["size"])
    )
    estimator = make_pipeline(steps, LogisticRegression()).fit(TABLE, y)
    return estimator, infer_signature(estimator, sample=TABLE)


ROW = "Rome,True,1,yes\n"
HEADER = "city,open,size,buys\n"
READ = "The test data cannot be read. "
COLUMNS = "The columns of the test data, without its target, differ from those of the model."
IN_BUYS = "In the column buys of the test data,"
SIZE = "The test data must have 2 to 100,000 rows."
NUMBER = "Expected a number; got a string that is not a finite number."
WRONG = [
    ("Rome,True,1,yes", "Rome,True,big,yes", f"{READ}size: Row at index 1: {NUMBER}"),
    (
        "Paris,True,1,yes",
        "Rome,True,1,yes",
        f"{READ}city: Row at index 0: Expected one of NA, Oslo, Rome; got another value.",
    ),
    (
        "Rome,True,1,yes",
        "Rome,,1,yes",
        f"{READ}open: Row at index 1: Expected one of False, True; got null.",
    ),
    *(
        (
            "Rome,True,1,yes",
            f"Rome,True,1,{text}",
            f"{IN_BUYS} the row at index 1 has {found}; expected one of no, yes.",
        )
        for text, found in (("maybe", "another value"), ("", "no value"))
    ),
    (
        "Rome,True,1,yes,7",
        "Rome,True,1,yes,7",
        "A row of the test data has more values than the header.",
    ),
    ("Rome,True,1,yes", "", SIZE),
    ("Rome,True,1,yes", "Rome,True,1,yes\n" * MAX_ROWS, SIZE),
]


@pytest.mark.parametrize(("first", "second", "sentence"), WRONG)
def test_wrong_test_data_is_refused_with_its_row_and_column(table_model, first, second, sentence):
    _, signature = table_model
    with pytest.raises(InvalidInput) as refusal:
        read_holdout(f"{HEADER}{first}\n{second}\n".encode(), "buys", signature)
    assert refusal.value.columns == {"test": [sentence]}


@pytest.mark.parametrize(
    ("header", "target", "field", "sentence"),
    [
        (
            "city,open,size,buys",
            "label",
            "target",
            "The test data has no column label. Its columns are city, open, size, buys.",
        ),
        (
            "city,open,size,buys",
            "size",
            "target",
            "size is an input of the model, not its target.",
        ),
        (
            "city,open,buys,why",
            "buys,why",
            "target",
            "The number of outputs of the model is 1; target names 2 columns.",
        ),
        ("city,id,open,buys", "buys", "test", f"{COLUMNS} Missing: size. Unknown: id."),
    ],
)
def test_wrong_columns_of_test_data_are_refused(table_model, header, target, field, sentence):
    _, signature = table_model
    with pytest.raises(InvalidInput) as refusal:
        read_holdout(f"{header}\n{ROW}{ROW}".encode(), target, signature)
    assert refusal.value.columns == {field: [sentence]}


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", f"{HEADER}{ROW}Rome,True,1,yes,7\n".encode(), b'city,buys\n"Rome,yes\n'],
)
def test_test_data_that_is_no_csv_is_refused(table_model, data):
    _, signature = table_model
    with pytest.raises(InvalidInput, match=r"^The test data cannot be read as CSV: "):
        read_holdout(data, "buys", signature)


def test_test_data_with_too_many_columns_is_refused(table_model):
    _, signature = table_model
    header = ",".join(f"c{n}" for n in range(100_001))
    with pytest.raises(InvalidInput) as refusal:
        read_holdout(f"{header}\n{ROW}{ROW}".encode(), "buys", signature)
    sentence = (
        "The test data cannot be read as CSV: It has 100,001 columns; at most 100,000 are allowed."
    )
    assert refusal.value.columns == {"test": [sentence]}


def test_a_row_that_only_the_estimator_rejects_is_named(table_model):
    estimator, _ = table_model
    steps = OneHotEncoder().fit(TABLE[["city"]][:1])  # it knows Oslo only
    other = make_pipeline(steps, LogisticRegression())
    other.steps[1] = ("logisticregression", LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    known = infer_signature(estimator, sample=TABLE)
    rows = TABLE[["city"]].iloc[[0, 3, 2, 1]]
    holdout = Holdout(rows, np.zeros((4, 1)), ("y",))
    with pytest.raises(InvalidInput) as refusal:
        evaluate(other, known, holdout)
    (sentence,) = refusal.value.columns["test"]
    assert sentence.startswith("The model rejects the row at index 2 of the test data. ")


def test_a_prediction_that_is_no_number_is_refused():
    estimator = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    estimator.coef_ = np.array([np.inf])
    signature = infer_signature(LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]))
    holdout = Holdout(np.array([[-1.0]]), np.zeros((1, 1)), ("y",))
    with pytest.raises(InvalidInput, match=r"^For the row at index 0 of the test data, the model"):
        evaluate(estimator, signature, holdout)


@pytest.mark.parametrize(
    ("classes", "texts", "positions"),
    [
        ([0, 1, 2], ["2", "1.0", "0"], [2, 1, 0]),
        ([False, True], ["True", "false", "1"], [1, 0, 1]),
        (["1", "01"], ["01", "1"], [1, 0]),
        ([0.5, 1.0], ["1", "0.50"], [1, 0]),
        (["NA", "b"], ["NA", "b"], [0, 1]),
    ],
)
def test_labels_in_a_csv_file_are_those_of_the_model(classes, texts, positions):
    X = np.arange(len(classes), dtype=float).reshape(-1, 1)
    estimator = LogisticRegression().fit(X, range(len(classes)))
    estimator.classes_ = np.array(classes)
    data = "x0,y\n" + "".join(f"1,{text}\n" for text in texts)
    holdout = read_holdout(data.encode(), "y", infer_signature(estimator))
    assert holdout.y[:, 0].tolist() == positions


def signature_of(container, *names):
    return Signature(tuple(map(Column, names)), ("predict",), container=container)


def test_test_data_that_does_not_fit_is_refused_in_a_notebook():
    signature = signature_of("frame", *IRIS.data)
    with pytest.raises(ValueError, match=r"^test and target belong together"):
        write_holdout(IRIS.data, None, signature)
    with pytest.raises(ValueError, match=r"^test has the shape \(150, 4\), target has 3 rows"):
        write_holdout(IRIS.data, [1, 2, 3], signature)
    with pytest.raises(ValueError, match=r"^test has no column petal width \(cm\)\.$"):
        write_holdout(IRIS.data.iloc[:, :3], IRIS.target, signature)


def test_test_data_is_written_with_the_columns_of_the_model():
    X = pd.DataFrame({"b": [1, 2**60], "a": [0.1, None], "c": ["x", "y"]})
    target, data = write_holdout(X, [True, False], signature_of("frame", "a", "b"))
    assert (target, data) == (
        "target",
        b"a,b,target\r\n0.1,1,True\r\n,1152921504606846976,False\r\n",
    )
    _, data = write_holdout(X[["b", "a"]][:1], [3], signature_of("array", "x0", "target"))
    assert data == b"x0,target,target_\r\n1,0.1,3\r\n"


def test_test_data_may_lack_columns_that_the_model_does_not_use():
    columns = (Column("a"), Column("unused", required=False), Column("b"))
    signature = Signature(columns, ("predict",), container="frame")
    _, data = write_holdout(pd.DataFrame({"b": [2], "a": [1]}), [3], signature)
    assert data == b"a,b,target\r\n1,2,3\r\n"
    with pytest.raises(ValueError, match=r"^test has no column a\.$"):
        write_holdout(pd.DataFrame({"b": [2], "unused": [1]}), [3], signature)


def test_names_of_targets_are_kept():
    y = pd.DataFrame({"a,b": [1], "c": [2]})
    target, data = write_holdout([[7.5, None]], y, signature_of("array", "x", "y"))
    assert (target, data) == ('"a,b",c', b'x,y,"a,b",c\r\n7.5,,1,2\r\n')


def test_a_file_of_onnx_is_evaluated_without_importance():
    estimator = artifacts.open_artifact(onnx_files.regressor([2.0, 3.0], 1.0)).estimator
    holdout = Holdout(np.array([[0, 0], [1, 2]], np.float32), np.array([[1.0], [9.5]]), ("y",))
    evaluation = evaluate(estimator, infer_signature(estimator), holdout)
    assert evaluation["metrics"]["mean_absolute_error"]["value"] == pytest.approx(0.25)
    assert "importance" not in evaluation
