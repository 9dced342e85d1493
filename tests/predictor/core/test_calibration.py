"""Compiled calibrations and thresholds: the probabilities and labels of the estimator."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from predictor.core.compiled.compiled_estimator import FallbackRequired, NotCompilable
from predictor.core.compiled.tolerance import compare
from predictor.core.compiler.converters.dispatch import drawn
from tests.predictor.core.forms import answered

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(200, 4))
NUMBER = ROWS[:, 0] * 3 + ROWS[:, 1] + rng.normal(size=200)
TWO = np.where(NUMBER > 0, "wet", "dry")
THREE = np.array(["dry", "fair", "rain"])[np.digitize(NUMBER, [-1, 1])]
ASKED = rng.normal(size=(100, 4)) * 2


def agree(estimator, methods=("predict", "predict_proba")):
    expected = {method: getattr(estimator, method)(ASKED) for method in methods}
    compare(expected, answered(estimator, ASKED, methods))
    assert len(np.unique(expected["predict"])) == len(estimator.classes_)


INNER = {
    "scores": make_pipeline(StandardScaler(), SVC()),
    "probabilities": RandomForestClassifier(10, random_state=0),
}


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("ensemble", [True, False])
@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
def test_calibrated_probabilities(inner, ensemble, y):
    agree(CalibratedClassifierCV(INNER[inner], ensemble=ensemble, cv=3).fit(ROWS, y))


def test_a_row_of_no_likely_class_is_left_to_the_estimator():
    estimator = CalibratedClassifierCV(LogisticRegression(), cv=2).fit(ROWS, THREE)
    for one in estimator.calibrated_classifiers_:
        for calibrator in one.calibrators:
            calibrator.a_, calibrator.b_ = 0.0, 800.0
    with pytest.raises(FallbackRequired):
        answered(estimator, ASKED[:5], ["predict_proba"])


@pytest.mark.parametrize("method", ["isotonic", "temperature"])
def test_other_calibrations_are_not_compiled(method):
    estimator = CalibratedClassifierCV(LogisticRegression(), method=method, cv=2).fit(ROWS, TWO)
    with pytest.raises(NotCompilable, match=f"^A calibration by {method} is not compiled.$"):
        drawn(estimator)


@pytest.mark.parametrize(
    "options", [{}, {"threshold": 0.2}, {"threshold": 0.7, "pos_label": "dry"}]
)
def test_a_threshold_of_probabilities(options):
    agree(FixedThresholdClassifier(LogisticRegression(), **options).fit(ROWS, TWO))


@pytest.mark.parametrize("positive", [None, "dry", "wet"])
def test_a_threshold_of_scores(positive):
    estimator = FixedThresholdClassifier(
        LogisticRegression(),
        threshold=-1.5,
        pos_label=positive,
        response_method="decision_function",
    )
    agree(estimator.fit(ROWS, TWO), ("predict", "predict_proba", "decision_function"))


def test_a_tuned_threshold():
    agree(TunedThresholdClassifierCV(LogisticRegression(), cv=3).fit(ROWS, TWO))


def test_a_score_at_the_threshold_is_left_to_the_estimator():
    forest = RandomForestClassifier(10, random_state=0)
    estimator = FixedThresholdClassifier(forest, threshold=0.5).fit(ROWS, TWO)
    at = ASKED[np.isclose(estimator.predict_proba(ASKED)[:, 1], 0.5)]
    with pytest.raises(FallbackRequired):
        answered(estimator, at[:1], ["predict"])
