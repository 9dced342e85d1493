"""Trees on their way to ONNX Runtime: what is written, and what its sums are made into."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiled.onnx_trees import varints
from predictor.core.compiler.converters import treelite_models
from predictor.core.compiler.converters.dispatch import drawn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
THREE = RNG.integers(0, 3, 200)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, b"\x00"),
        (127, b"\x7f"),
        (128, b"\x80\x01"),
        (300, b"\xac\x02"),
        (2**35, b"\x80\x80\x80\x80\x80\x01"),
        (2**63 - 1, b"\xff" * 8 + b"\x7f"),
    ],
)
def test_an_integer_takes_as_many_bytes_as_it_has_groups_of_seven_bits(value, written):
    assert varints(np.array([value])) == written
    assert varints(np.array([1, value, 0])) == b"\x01" + written + b"\x00"


def test_the_probability_of_the_last_class_is_what_the_others_leave():
    forest = RandomForestClassifier(5, random_state=0).fit(X, THREE)
    form = drawn(forest)
    assert form.spread.shape == (2, 3)
    np.testing.assert_allclose(form.predict_proba(X), forest.predict_proba(X), atol=1e-15)
    pure = DecisionTreeClassifier(random_state=0).fit(X, THREE)
    assert np.unique(drawn(pure).predict_proba(X)).tolist() == [0.0, 1.0]


def test_a_tree_of_one_leaf_says_the_same_to_every_row():
    assert drawn(DecisionTreeRegressor().fit(X, np.ones(200))).predict(X[:2]).tolist() == [1.0, 1.0]


def test_a_row_of_a_category_goes_where_its_own_went():
    categories = RNG.integers(0, 40, 200)
    rows = np.c_[categories, X]
    boosted = HistGradientBoostingClassifier(categorical_features=[0], max_iter=20)
    boosted.fit(rows, categories % 3 == 0)
    unseen = np.c_[[41.0, np.nan, -1.0], X[:3]]
    for asked in (rows, unseen):
        given = drawn(boosted).decision_function(asked)
        np.testing.assert_allclose(given, boosted.decision_function(asked), rtol=1e-12)


def test_trees_of_too_many_nodes_are_left(monkeypatch):
    monkeypatch.setattr(treelite_models, "MOST_NODES", 3)
    with pytest.raises(NotCompilable, match="more than 3 nodes"):
        drawn(DecisionTreeClassifier().fit(X, THREE))
