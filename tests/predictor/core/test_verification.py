"""Verification: methods one by one and together, and trees wherever they are nested."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from predictor.core.compiled.linear import LinearClassifier
from predictor.core.compiled.trees import DOUBLE, TreeEnsemble
from predictor.core.compiler.compile import compile_
from predictor.core.compiler.converters.dispatch import convert
from predictor.core.compiler.tree_boundaries import tree_ensembles
from predictor.core.compiler.verification import verify
from predictor.core.signature_inference import infer_signature

# Estimators warn of rows that are too large for them.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(150, 4))
NUMBER = ROWS[:, 0] * 3 + ROWS[:, 1] + rng.normal(size=150)
TWO = (NUMBER > 0).astype(int)
THREE = np.digitize(NUMBER, [-1, 1])


@dataclass
class Confused(LinearClassifier):
    """A compiled estimator that is right if a request has one method."""

    def run_methods(self, methods, X):
        """Return wrong scores unless probabilities come first."""
        if methods[0] == "predict_proba":
            return super().run_methods(methods, X)
        scores = self.decision_function(X)
        return super().run_methods(methods, X) | {"decision_function": scores * 2}


def test_a_compiled_estimator_with_other_results_for_several_methods_is_not_used():
    estimator = LogisticRegression().fit(ROWS, THREE)
    compiled = convert(estimator)
    confused = Confused(compiled.coef, compiled.intercept, compiled.classes, compiled.link)
    methods = verify(estimator, confused, infer_signature(estimator, sample=ROWS), ROWS)
    assert methods["decision_function"].reason.startswith("decision_function differs by up to ")
    assert methods["predict_proba"].reason == ""


def test_labels_of_scores_that_are_not_equal_are_not_used():
    estimator = LogisticRegression().fit(ROWS, TWO)
    compiled = convert(copy.deepcopy(estimator))
    compiled.coef[:] *= 1 + 1e-7  # no row that is tried gets another label
    methods = verify(estimator, compiled, infer_signature(estimator, sample=ROWS), ROWS)
    reasons = {method.reason.partition(" by ")[0] for method in methods.values()}
    assert reasons == {"decision_function differs", "predict_proba differs"}
    assert methods["predict"].reason == methods["predict_proba"].reason


def test_a_method_that_is_not_compiled_is_compiled_for_no_rows():
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
    "target": (
        TransformedTargetRegressor(boosting, func=np.exp, inverse_func=np.log),
        NUMBER / 10,
        1,
    ),
    "stack": (StackingClassifier(both, forest, cv=2), TWO, 2),
    "votes": (VotingClassifier(both, voting="soft"), TWO, 1),
    "bags": (BaggingClassifier(forest, 7), TWO, 7),
    "votes of trees": (AdaBoostClassifier(n_estimators=9), TWO, 1),
    "outputs": (MultiOutputClassifier(forest), np.column_stack([TWO, THREE]), 2),
    "search": (GridSearchCV(make_pipeline(StandardScaler(), forest), {}, cv=2), TWO, 1),
}


@pytest.mark.parametrize("name", WITHIN)
def test_trees_are_found_wherever_they_sit(name):
    estimator, y, count = WITHIN[name]
    found = list(tree_ensembles(convert(estimator.fit(ROWS, y))))
    assert len(found) == count
    for part, own in found:
        assert isinstance(own, TreeEnsemble)
        assert own.n_features == part.n_features_in_


def test_trees_that_differ_at_their_thresholds_are_not_used_within_another_estimator():
    estimator = VotingClassifier(both, voting="soft").fit(ROWS, TWO)
    compiled = convert(estimator)
    compiled.parts[0].precision = DOUBLE
    methods = verify(estimator, compiled, infer_signature(estimator, sample=ROWS), ROWS)
    assert all(method.reason for method in methods.values())
