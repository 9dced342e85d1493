"""Trees as ONNX: leaves that say everything, categories, and limits."""

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiler.converters import tree_arrays
from predictor.core.compiler.converters.dispatch import convert

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
THREE = RNG.integers(0, 3, 200)


def test_the_probability_of_the_last_class_is_what_the_others_leave():
    forest = RandomForestClassifier(5, random_state=0).fit(X, THREE)
    compiled = convert(forest)
    assert compiled.spread.shape == (2, 3)
    np.testing.assert_allclose(compiled.predict_proba(X), forest.predict_proba(X), atol=1e-15)
    pure = DecisionTreeClassifier(random_state=0).fit(X, THREE)
    assert np.unique(convert(pure).predict_proba(X)).tolist() == [0.0, 1.0]


def test_a_tree_of_one_leaf_has_the_same_result_for_every_row():
    compiled = convert(DecisionTreeRegressor().fit(X, np.ones(200)))
    assert compiled.predict(X[:2]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("scale", [1, 0.5])
def test_a_row_with_a_category_goes_where_rows_with_it_went(scale):
    categories = RNG.integers(0, 40, 200)
    missing = RNG.random(200) < 0.2
    rows = np.c_[X[:, :1], np.where(missing, np.nan, categories * scale), X[:, 1:]]
    boosted = HistGradientBoostingClassifier(categorical_features=[1], max_iter=20)
    boosted.fit(rows, (categories % 3 == 0) ^ missing)
    unseen = np.c_[X[:3, :1], [41.0, np.nan, -1.0], X[:3, 1:]]
    for asked in (rows, unseen):
        scores = convert(boosted).decision_function(asked)
        np.testing.assert_allclose(scores, boosted.decision_function(asked), rtol=1e-12)


def test_missing_values_go_where_missing_values_went():
    rows = np.where(RNG.random(X.shape) < 0.3, np.nan, X)
    forest = RandomForestClassifier(10, random_state=0).fit(rows, THREE)
    asked = np.where(RNG.random(X.shape) < 0.5, np.nan, X)
    probabilities = convert(forest).predict_proba(asked)
    np.testing.assert_allclose(probabilities, forest.predict_proba(asked), atol=1e-15)


def test_boosting_that_starts_with_an_estimator_is_not_compiled():
    boosted = GradientBoostingRegressor(n_estimators=2, init=LinearRegression()).fit(X, THREE)
    with pytest.raises(NotCompilable, match="that starts with an estimator is not compiled"):
        convert(boosted)


def test_trees_of_too_many_nodes_are_left(monkeypatch):
    monkeypatch.setattr(tree_arrays, "MOST_NODES", 3)
    with pytest.raises(NotCompilable, match="more than 3 nodes are not compiled"):
        convert(DecisionTreeClassifier().fit(X, THREE))


@pytest.mark.parametrize(
    ("estimator", "targets", "dtype"),
    [
        (RandomForestClassifier(5, random_state=0), THREE, np.float32),
        (RandomForestClassifier(5, min_samples_leaf=3, random_state=0), THREE, np.float64),
        (RandomForestRegressor(5, bootstrap=False, random_state=0), THREE * 2**20, np.float32),
        (RandomForestRegressor(5, bootstrap=False, random_state=0), THREE * 2**22, np.float64),
        (RandomForestRegressor(1, bootstrap=False, random_state=0), THREE * 0.25, np.float32),
        (RandomForestRegressor(1, bootstrap=False, random_state=0), THREE * 0.1, np.float64),
        (RandomForestRegressor(1, bootstrap=False, random_state=0), THREE * 1e300, np.float64),
        (
            # Without trees for the zeros: two trees add to the first sum, none to the second.
            RandomForestRegressor(2, bootstrap=False, random_state=0),
            np.float32(np.c_[THREE * 0.1, THREE * 0]),
            np.float64,
        ),
        (HistGradientBoostingClassifier(max_iter=2), THREE, np.float64),
    ],
)
def test_trees_run_in_float32_where_it_represents_their_sums(estimator, targets, dtype):
    estimator.fit(X, targets)
    compiled = convert(estimator)
    assert compiled.dtype == dtype
    if dtype == np.float32:
        np.testing.assert_array_equal(compiled.predict(X), estimator.predict(X), strict=True)


def test_rows_at_a_split_go_where_scikit_learn_sends_them_in_float32():
    # The splits are between numbers that are neighbours in float32.
    lower = RNG.normal(size=100).astype(np.float32)
    values = np.concatenate([lower, np.nextafter(lower, np.float32(np.inf))])[:, np.newaxis]
    tree = DecisionTreeRegressor(random_state=0).fit(values, np.arange(200) % 7)
    compiled = convert(tree)
    assert compiled.dtype == np.float32
    for rows in (values, np.unique(tree.tree_.threshold)[:, np.newaxis]):
        np.testing.assert_array_equal(compiled.predict(rows), tree.predict(rows))
