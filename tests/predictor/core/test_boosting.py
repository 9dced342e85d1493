"""Compiled AdaBoost: where classes tie for a vote, it is cast as the estimator casts it."""

import numpy as np
import pytest
from sklearn.ensemble import AdaBoostClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from predictor.core.compiled.compiled_estimator import FallbackRequired, NotCompilable
from predictor.core.compiled.tolerance import compare, tied
from predictor.core.compiler.converters.dispatch import drawn
from tests.predictor.core.forms import answered

rng = np.random.default_rng(11)
DICE = rng.integers(0, 6, size=(900, 8)).astype(float)
SUM = DICE[:, 0] + DICE[:, 1] + rng.normal(size=900) * 3
THREE = np.array(["high", "low", "middle"])[np.digitize(SUM, [3.5, 6.5])]
METHODS = ("predict", "predict_proba", "decision_function")


@pytest.mark.parametrize("kind", [DecisionTreeClassifier, ExtraTreeClassifier])
@pytest.mark.parametrize("y", [SUM > 5, THREE], ids=["two", "three"])
def test_trees_whose_leaves_tie_vote_as_their_own(kind, y):
    tree = kind(max_depth=7, random_state=0)
    estimator = AdaBoostClassifier(tree, n_estimators=6, random_state=0).fit(DICE, y)
    assert tied(estimator.estimators_[0].predict_proba(DICE)).any()
    expected = {method: getattr(estimator, method)(DICE) for method in METHODS}
    for method in METHODS:
        compare({method: expected[method]}, answered(estimator, DICE, [method]))
    compare(expected, answered(estimator, DICE, METHODS))


def test_a_tie_for_the_vote_of_another_classifier_is_left_to_the_estimator():
    bayes = BernoulliNB(binarize=2.0, alpha=1.0)
    estimator = AdaBoostClassifier(bayes, n_estimators=3).fit(DICE, SUM > 5)
    assert answered(estimator, DICE[:5])["predict"].tolist() == estimator.predict(DICE[:5]).tolist()
    part = estimator.estimators_[1]
    part.feature_log_prob_[1], part.class_log_prior_ = part.feature_log_prob_[0], np.zeros(2)
    for method in METHODS:
        with pytest.raises(FallbackRequired):
            answered(estimator, DICE[:5], [method])


def test_a_stack_of_labels_is_not_compiled():
    parts = [("tree", DecisionTreeClassifier(max_depth=2))]
    stack = StackingClassifier(parts, LogisticRegression(), stack_method="predict", cv=2)
    with pytest.raises(NotCompilable, match=r"^A stack of labels is not compiled\.$"):
        drawn(stack.fit(DICE, SUM > 5))
