"""The proof of a form: methods one by one and together, and trees wherever they sit."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from predictor.core.compiled.linear import LinearClassifier
from predictor.core.compiled.tolerance import compare
from predictor.core.compiled.trees import DOUBLE, Trees
from predictor.core.compiler.compile import compile_
from predictor.core.compiler.converters.dispatch import drawn
from predictor.core.compiler.tree_boundaries import trees_within
from predictor.core.compiler.verification import prove
from predictor.core.signature_inference import infer_signature
from tests.predictor.core.forms import answered

# Estimators warn of rows that are too large for them.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(150, 4))
NUMBER = ROWS[:, 0] * 3 + ROWS[:, 1] + rng.normal(size=150)
TWO = (NUMBER > 0).astype(int)
THREE = np.digitize(NUMBER, [-1, 1])
ALL = ("predict", "predict_proba", "decision_function", "transform")


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("scaled", [False, True])
def test_a_discriminant_projects_together_with_other_methods(y, scaled):
    discriminant = LinearDiscriminantAnalysis()
    estimator = make_pipeline(StandardScaler(), discriminant) if scaled else discriminant
    estimator.fit(ROWS, y)
    expected = {method: getattr(estimator, method)(ROWS) for method in ALL}
    for methods in (ALL, ALL[::-1], ("predict", "transform")):
        compare(expected, answered(estimator, ROWS, methods))


@dataclass
class Confused(LinearClassifier):
    """A form that is right when it is asked for one thing."""

    def run_methods(self, methods, X):
        """Return scores for whatever was asked, unless probabilities come first."""
        if methods[0] == "predict_proba":
            return super().run_methods(methods, X)
        scores = self.decision_function(X)
        return super().run_methods(methods, X) | {"decision_function": scores * 2}


def test_a_form_that_answers_otherwise_to_several_methods_is_not_used():
    estimator = LogisticRegression().fit(ROWS, THREE)
    form = drawn(estimator)
    confused = Confused(form.coef, form.intercept, form.classes, form.link)
    proofs = prove(estimator, confused, infer_signature(estimator, sample=ROWS), ROWS)
    assert proofs["decision_function"].reason.startswith("decision_function differs by up to ")
    assert proofs["predict_proba"].reason == ""


def test_labels_of_scores_that_are_not_equal_are_not_used():
    estimator = LogisticRegression().fit(ROWS, TWO)
    form = drawn(copy.deepcopy(estimator))
    form.coef[:] *= 1 + 1e-7  # no row that is tried gets another label
    proofs = prove(estimator, form, infer_signature(estimator, sample=ROWS), ROWS)
    reasons = {proof.reason.partition(" by ")[0] for proof in proofs.values()}
    assert reasons == {"decision_function differs", "predict_proba differs"}
    assert proofs["predict"].reason == proofs["predict_proba"].reason


def test_what_is_refused_is_compiled_for_no_rows():
    estimator = VotingClassifier([("l", LogisticRegression())], voting="soft").fit(ROWS, TWO)
    found = compile_(estimator, infer_signature(estimator, sample=ROWS), ROWS).report["methods"]
    assert found["transform"] == {
        "one": "scikit-learn",
        "many": "scikit-learn",
        "up_to_rows": 0,
        "reason": "It is not compiled.",
    }


forest = RandomForestClassifier(5, random_state=0)
boosting = GradientBoostingRegressor(n_estimators=3)
both = [("forest", forest), ("logistic", LogisticRegression())]

WITHIN = {
    "calibrated": (CalibratedClassifierCV(forest, cv=3), TWO, 3),
    "threshold": (FixedThresholdClassifier(forest), TWO, 1),
    "tuned threshold": (TunedThresholdClassifierCV(forest, cv=2), TWO, 1),
    "target": (
        TransformedTargetRegressor(boosting, func=np.exp, inverse_func=np.log),
        NUMBER / 10,
        1,
    ),
    "stack": (StackingClassifier(both, forest, cv=2), TWO, 2),
    "votes": (VotingClassifier(both, voting="soft"), TWO, 1),
    "bags": (BaggingClassifier(forest, 7), TWO, 7),
    "votes of trees": (AdaBoostClassifier(n_estimators=9), TWO, 9),
    "outputs": (MultiOutputClassifier(forest), np.column_stack([TWO, THREE]), 2),
    "search": (GridSearchCV(make_pipeline(StandardScaler(), forest), {}, cv=2), TWO, 1),
}


@pytest.mark.parametrize("name", WITHIN)
def test_trees_are_found_wherever_they_sit(name):
    estimator, y, count = WITHIN[name]
    found = list(trees_within(drawn(estimator.fit(ROWS, y))))
    assert len(found) == count
    for part, own in found:
        assert isinstance(own, Trees)
        assert own.n_features == part.n_features_in_


def test_trees_that_differ_at_their_thresholds_are_not_used_within_another_form():
    estimator = FixedThresholdClassifier(forest, threshold=0.45).fit(ROWS, TWO)
    form = drawn(estimator)
    form.part.precision = DOUBLE
    proofs = prove(estimator, form, infer_signature(estimator, sample=ROWS), ROWS)
    assert all(proof.reason for proof in proofs.values())
