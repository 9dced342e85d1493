"""Rows on the thresholds of trees, and next to them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from predictor.core.boosters import get_package
from predictor.core.compiled.compiled_estimator import Array, CompiledEstimator
from predictor.core.compiled.trees import TreeEnsemble
from predictor.core.compiler.converters.booster_reader import read_booster
from predictor.core.compiler.converters.tree_reader import Tree, read_all_trees

# Number of rows on thresholds; each has neighbours in both precisions.
N_ROWS = 48


def tree_ensembles(compiled: CompiledEstimator) -> Iterator[tuple[Any, TreeEnsemble]]:
    """Yield the estimator and the compiled estimator of each tree ensemble, however nested."""
    for part in compiled.walk():
        if isinstance(part, TreeEnsemble):
            yield part.source, part


def boundary_rows(estimator: Any, n_features: int, rng: np.random.Generator) -> Array:
    """Return rows of thresholds, and of numbers next to thresholds.

    Parameters
    ----------
    estimator : estimator
        A tree or an ensemble of trees.
    n_features : int
    rng : Generator

    Returns
    -------
    rows : array of shape (n_rows, n_features), float64
    """
    trees = read_booster(estimator).trees if get_package(estimator) else read_all_trees(estimator)
    features, thresholds = _splits(trees)
    rows = rng.normal(size=(N_ROWS, n_features))
    for feature in range(n_features):
        feature_thresholds = thresholds[features == feature]
        if len(feature_thresholds):
            rows[:, feature] = rng.choice(feature_thresholds, size=N_ROWS)
    single = rows.astype(np.float32)
    above, below = (np.nextafter(single, np.float32(end)) for end in (np.inf, -np.inf))
    adjacent = [np.nextafter(rows, end) for end in (np.inf, -np.inf)]
    # A double halfway between two floats is rounded to one of them.
    halfway = [(single.astype(np.float64) + other) / 2 for other in (above, below)]
    stacked = np.vstack([rows, *adjacent, single, above, below, *halfway]).astype(np.float64)
    for feature, numbers in _categories(trees).items():
        stacked[:, feature] = rng.choice(numbers, size=len(stacked))
    return stacked


def _categories(trees: Sequence[Tree]) -> dict[int, Array]:
    """Return the categories that the trees compare, and a missing one, for each feature."""
    members: dict[int, list[Array]] = {}
    for tree in trees:
        ends = np.flatnonzero(np.isnan(tree.members)) + 1
        for feature, each in zip(
            tree.feature[tree.is_categorical].tolist(),
            np.split(tree.members, ends)[:-1],
            strict=True,
        ):
            members.setdefault(feature, []).append(each)
    return {feature: np.unique(np.concatenate(each)) for feature, each in members.items()}


def _splits(trees: Sequence[Tree]) -> tuple[Array, Array]:
    """Return the features and the finite thresholds of all trees."""
    compares = [~tree.is_leaf & ~tree.is_categorical for tree in trees]
    pairs = list(zip(trees, compares, strict=True))
    features = np.concatenate([tree.feature[nodes] for tree, nodes in pairs])
    thresholds = np.concatenate([tree.threshold[nodes] for tree, nodes in pairs])
    is_finite = np.isfinite(thresholds)  # A split of missing values from all others has none.
    return features[is_finite], thresholds[is_finite]
