"""Rows that lie on the thresholds of trees, and one step beside them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.core.compiled.compiled_estimator import CompiledEstimator
from predictor.core.compiled.trees import Trees

Array = npt.NDArray[Any]

# So many rows lie on thresholds; each has its neighbours in both precisions.
ROWS = 48


def trees_within(form: CompiledEstimator) -> Iterator[tuple[Any, Trees]]:
    """Yield the ensembles of trees that a form is made of, each with the estimator that it is."""
    for part in form.within():
        if isinstance(part, Trees):
            yield part.source, part


def threshold_rows(estimator: Any, n_features: int, rng: np.random.Generator) -> Array:
    """Return rows of which every number is a threshold of its column, or next to one.

    Parameters
    ----------
    estimator : estimator
        An ensemble of trees, or a tree.
    n_features : int
    rng : Generator

    Returns
    -------
    rows : array of shape (n_rows, n_features), float64
    """
    features, thresholds = _splits(estimator)
    rows = rng.normal(size=(ROWS, n_features))
    for feature in range(n_features):
        own = thresholds[features == feature]
        if len(own):
            rows[:, feature] = rng.choice(own, size=ROWS)
    single = rows.astype(np.float32)
    above, below = (np.nextafter(single, np.float32(end)) for end in (np.inf, -np.inf))
    beside = [np.nextafter(rows, end) for end in (np.inf, -np.inf)]
    # Half-way to its neighbour a double is rounded to one or the other.
    halfway = [(single.astype(np.float64) + other) / 2 for other in (above, below)]
    return np.vstack([rows, *beside, single, above, below, *halfway]).astype(np.float64)


def _splits(estimator: Any) -> tuple[Array, Array]:
    """Return the features and the thresholds of all inner nodes."""
    if hasattr(estimator, "_predictors"):
        predictors = estimator._predictors  # noqa: SLF001 - histogram boosting keeps its trees there
        nodes = np.concatenate([tree.nodes for stage in predictors for tree in stage])
        nodes = nodes[(nodes["is_leaf"] == 0) & (nodes["is_categorical"] == 0)]
        return nodes["feature_idx"], nodes["num_threshold"]
    trees = [tree.tree_ for tree in np.ravel(getattr(estimator, "estimators_", [estimator]))]
    chosen = getattr(estimator, "estimators_features_", None)
    named = [
        tree.feature if chosen is None else np.where(tree.feature < 0, -2, chosen[n][tree.feature])
        for n, tree in enumerate(trees)
    ]
    features, thresholds = np.concatenate(named), np.concatenate([t.threshold for t in trees])
    finite = np.isfinite(thresholds)  # a split of what is missing from the rest has none
    return features[finite], thresholds[finite]
