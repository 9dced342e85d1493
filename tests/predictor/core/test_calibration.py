"""Compiled calibrations: the probabilities of the estimator."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from predictor.core.compiled.compiled_estimator import FallbackRequired, NotCompilable
from predictor.core.compiler.converters.dispatch import convert
from predictor.core.tolerance import compare
from tests.predictor.core.compiled_results import compiled_results

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(200, 4))
NUMBER = ROWS[:, 0] * 3 + ROWS[:, 1] + rng.normal(size=200)
TWO = np.where(NUMBER > 0, "wet", "dry")
THREE = np.array(["dry", "fair", "rain"])[np.digitize(NUMBER, [-1, 1])]
ASKED = rng.normal(size=(100, 4)) * 2


def agree(estimator, methods=("predict", "predict_proba")):
    expected = {method: getattr(estimator, method)(ASKED) for method in methods}
    compare(expected, compiled_results(estimator, ASKED, methods))
    assert len(np.unique(expected["predict"])) == len(estimator.classes_)


INNER = {
    "scores": make_pipeline(StandardScaler(), LinearSVC()),
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
        compiled_results(estimator, ASKED[:5], ["predict_proba"])


@pytest.mark.parametrize("method", ["isotonic", "temperature"])
def test_other_calibrations_are_not_compiled(method):
    estimator = CalibratedClassifierCV(LogisticRegression(), method=method, cv=2).fit(ROWS, TWO)
    with pytest.raises(NotCompilable, match=f"^A calibration by {method} is not compiled.$"):
        convert(estimator)
