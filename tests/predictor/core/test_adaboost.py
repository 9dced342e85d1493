"""Compiled AdaBoost: if classes tie in a leaf, it votes as the estimator does."""

import numpy as np
import pytest
from sklearn.ensemble import AdaBoostClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiler.converters.dispatch import convert
from predictor.core.tolerance import compare, tied_rows
from tests.predictor.core.compiled_results import compiled_results

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
    assert tied_rows(estimator.estimators_[0].predict_proba(DICE)).any()
    expected = {method: getattr(estimator, method)(DICE) for method in METHODS}
    for method in METHODS:
        compare({method: expected[method]}, compiled_results(estimator, DICE, [method]))
    compare(expected, compiled_results(estimator, DICE, METHODS))


def test_votes_of_other_classifiers_are_not_compiled():
    estimator = AdaBoostClassifier(BernoulliNB(binarize=2.0), n_estimators=3).fit(DICE, SUM > 5)
    with pytest.raises(NotCompilable, match="AdaBoost is compiled for trees that know all classes"):
        convert(estimator)


def test_a_stack_of_labels_is_not_compiled():
    parts = [("tree", DecisionTreeClassifier(max_depth=2))]
    stack = StackingClassifier(parts, LogisticRegression(), stack_method="predict", cv=2)
    with pytest.raises(NotCompilable, match=r"^A stack of labels is not compiled\.$"):
        convert(stack.fit(DICE, SUM > 5))
