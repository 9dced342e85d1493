"""Nearest neighbours: searched for in single precision, the nearest measured in double.

Where the estimator's own rounding could decide who is among the nearest, the row is left to it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    Array,
    CompiledEstimator,
    FallbackRequired,
    labelled_each,
)
from predictor.core.compiled.distances import space
from predictor.core.compiled.rounding import DOUBLE, ROUNDINGS
from predictor.core.compiled.tolerance import RTOL

# How neighbours are weighed.
ALIKE, BY_DISTANCE = "uniform", "distance"

# Points are searched in so many groups at least, and in so many for each neighbour wanted: the
# nearest ones of the groups bound how far the neighbours are.
GROUPS, GROUPS_PER_NEIGHBOR = 64, 10

# Of more points than this, and than this share of all, that may be the nearest the estimator says.
MOST_NEAR, SHARE_NEAR = 1024, 1 / 16

# A weight by products is equal to the estimator's up to this.
WEIGHED = 1e-11


@dataclass
class Neighbors(CompiledEstimator):
    """The nearest of the points that were seen.

    Parameters
    ----------
    points : array of shape (n_points, n_features)
    targets : array of shape (n_points,) or (n_points, n_outputs)
    count : int
        How many neighbours tell.
    weights : {"uniform", "distance"}
    metric : {"euclidean", "cosine", "manhattan", "chebyshev"}
    by_product : bool
        Whether the estimator computes distances from products, which is less exact, and not from
        differences.
    """

    points: Array
    targets: Array
    count: int
    weights: str
    metric: str
    by_product: bool

    def __post_init__(self) -> None:
        n_points = len(self.points)
        groups = max(GROUPS, GROUPS_PER_NEIGHBOR * self.count)
        size = -(-n_points // groups)
        self.groups = (size, -(-n_points // size))
        n_places = size * self.groups[1]
        self.space = space(self.metric, self.points, n_places, by_product=self.by_product)
        self.most_near = max(MOST_NEAR, 4 * self.count, int(n_points * SHARE_NEAR))

    def nearest(self, x: Array) -> tuple[Array, Array | None]:
        """Return the nearest points of one row.

        Parameters
        ----------
        x : array of shape (n_features,)

        Returns
        -------
        positions : array of shape (count,)
        measures : array of shape (count,), optional
            Where something depends on them.

        Raises
        ------
        FallbackRequired
            Points are as far as the last neighbour, as near as numbers can tell.
        """
        x, length = self.space.placed(x)
        near, doubt = self.space.near(x, length)
        bounds = np.minimum.reduce(near.reshape(self.groups))
        bounds.partition(self.count - 1)
        (positions,) = (near <= float(bounds[self.count - 1]) + doubt).nonzero()
        if len(positions) == self.count and self.weights == ALIKE:
            return positions, None
        if len(positions) > self.most_near:
            raise FallbackRequired
        measures = self.space.measured(x, positions)
        order = measures.argsort()
        positions, measures = positions.take(order), measures.take(order)
        self._check(positions, measures, self.space.doubt(length, float(measures[self.count - 1])))
        return positions[: self.count], measures[: self.count]

    def _check(self, positions: Array, measures: Array, doubt: float) -> None:
        """Decline a row whose neighbours, or their weights, are a matter of rounding."""
        if self.by_product and self.weights == BY_DISTANCE and not measures[0] * WEIGHED >= doubt:
            raise FallbackRequired
        last = measures[self.count - 1]
        if len(measures) == self.count or measures[self.count] - last > doubt:
            return
        tied = self.targets[positions[np.abs(measures - last) <= doubt]]
        if not len(tied) or (tied != tied[0]).any():
            raise FallbackRequired

    def found(self, X: Array) -> tuple[Array, Array | None]:
        """Return the neighbours' targets and their weights.

        Returns
        -------
        targets : array of shape (n_samples, count) or (n_samples, count, n_outputs)
        weights : array of shape (n_samples, count), optional
        """
        if X.shape[1] != self.points.shape[1] or not len(X):
            raise FallbackRequired
        found = [self.nearest(x) for x in X.astype(np.float64, copy=False)]
        targets = self.targets[np.array([positions for positions, _ in found])]
        if self.weights == ALIKE:
            return targets, None
        weights = 1.0 / self.space.distances(np.array([measures for _, measures in found]))
        at_zero = np.isinf(weights)
        same = at_zero.any(axis=1)
        weights[same] = at_zero[same]
        return targets, weights


@dataclass
class NeighborsRegressor(Neighbors):
    """The average of the neighbours' numbers."""

    def predict(self, X: Array) -> Array:
        """Return the targets, shape (n_samples,) or (n_samples, n_outputs)."""
        targets, weights = self.found(X)
        if weights is None:
            averaged: Array = targets.mean(axis=1)
            return averaged
        if targets.ndim > weights.ndim:
            weights = weights[:, :, None]
        given = targets * weights
        sums = given.sum(axis=1)
        roundings = self.points.shape[1] + self.count + ROUNDINGS
        exact = 2 * WEIGHED if self.by_product else roundings * DOUBLE
        if (np.abs(given).sum(axis=1) * exact > RTOL * np.abs(sums)).any():
            raise FallbackRequired
        weighted: Array = sums / weights.sum(axis=1)
        return weighted


@dataclass
class NeighborsClassifier(Neighbors):
    """The vote of the neighbours' labels.

    Parameters
    ----------
    classes : list of array of shape (n_classes,)
        For each output.
    """

    classes: list[Array]

    def predict(self, X: Array) -> Array:
        """Return the labels, shape (n_samples,) or (n_samples, n_outputs)."""
        return labelled_each(self.classes, [votes.argmax(axis=1) for votes in self.votes(X)])

    def predict_proba(self, X: Array) -> Any:
        """Return the probabilities; for several outputs a list of those."""
        each = [votes / votes.sum(axis=1, keepdims=True) for votes in self.votes(X)]
        return each[0] if self.targets.ndim == 1 else each

    def votes(self, X: Array) -> list[Array]:
        """Return the votes for each class, shape (n_samples, n_classes), of each output."""
        targets, weights = self.found(X)
        each = [targets] if targets.ndim == 2 else np.moveaxis(targets, 2, 0)  # noqa: PLR2004 - rows and neighbours
        return [
            _counted(labels, weights, len(classes))
            for labels, classes in zip(each, self.classes, strict=True)
        ]


def _counted(labels: Array, weights: Array | None, n_classes: int) -> Array:
    """Return what the neighbours of each row give to each class."""
    n_samples = len(labels)
    given = None if weights is None else weights.ravel()
    cells = labels
    if n_samples > 1:
        cells = labels + np.arange(0, n_samples * n_classes, n_classes)[:, None]
    counts = np.bincount(cells.ravel(), given, n_samples * n_classes)
    return counts.reshape(n_samples, n_classes)
