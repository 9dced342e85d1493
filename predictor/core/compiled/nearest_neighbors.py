"""Nearest neighbours by Euclidean distance.

A search in single precision finds candidates, which are measured in double precision. If rounding
errors of the estimator could change the neighbours, scikit-learn answers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    Array,
    CompiledEstimator,
    FallbackRequired,
    NotCompilable,
    labels_of_outputs,
)
from predictor.core.compiled.distances import DOUBLE, ROUNDINGS, PointSearch
from predictor.core.tolerance import RTOL

# Weights of neighbours.
UNIFORM, BY_DISTANCE = "uniform", "distance"

# Points are searched in groups; the nearest point of each group bounds the distance of the
# neighbours. These are the minimum number of groups, and the number for each neighbour.
GROUPS, GROUPS_PER_NEIGHBOR = 64, 10

# With more candidates than both, a number and a share of all points, scikit-learn answers.
MAX_CANDIDATES, MAX_SHARE = 1024, 1 / 16

# Relative error allowed in a distance from products, if distances are weights.
PRODUCT_TOLERANCE = 1e-11


@dataclass
class NearestNeighbors(CompiledEstimator):
    """Nearest points of a row, and their targets.

    Parameters
    ----------
    points : array of shape (n_points, n_features)
    targets : array of shape (n_points,) or (n_points, n_outputs)
    n_neighbors : int
    weights : {"uniform", "distance"}
    by_product : bool
        Whether the estimator computes distances from products, which is less exact than from
        differences.
    """

    points: Array
    targets: Array
    n_neighbors: int
    weights: str
    by_product: bool

    def __post_init__(self) -> None:
        n_points = len(self.points)
        groups = max(GROUPS, GROUPS_PER_NEIGHBOR * self.n_neighbors)
        size = -(-n_points // groups)
        self.groups = (size, -(-n_points // size))
        n_places = size * self.groups[1]
        self.search = PointSearch(self.points, n_places, by_product=self.by_product)
        self.max_candidates = max(MAX_CANDIDATES, 4 * self.n_neighbors, int(n_points * MAX_SHARE))

    @property
    def row_size(self) -> int:
        """Bound of the number of values that a row needs at once."""
        n_targets = self.targets.size // max(1, len(self.targets))
        return super().row_size + 3 * self.n_neighbors * (1 + n_targets)

    def nearest(self, x: Array) -> tuple[Array, Array | None]:
        """Return the nearest points of one row.

        Parameters
        ----------
        x : array of shape (n_features,)

        Returns
        -------
        positions : array of shape (n_neighbors,)
        squares : array of shape (n_neighbors,), optional
            Squared distances; None if the result does not depend on them.

        Raises
        ------
        FallbackRequired
            Rounding errors could change the neighbours.
        """
        length = self.search.length(x)
        rough, error = self.search.rough_squares(x, length)
        bounds = np.minimum.reduce(rough.reshape(self.groups))
        bounds.partition(self.n_neighbors - 1)
        (positions,) = (rough <= float(bounds[self.n_neighbors - 1]) + error).nonzero()
        if len(positions) == self.n_neighbors and self.weights == UNIFORM:
            return positions, None
        if len(positions) > self.max_candidates:
            raise FallbackRequired
        squares = self.search.squares(x, positions)
        order = squares.argsort()
        positions, squares = positions.take(order), squares.take(order)
        last = float(squares[self.n_neighbors - 1])
        self._check(positions, squares, self.search.error(length, last))
        return positions[: self.n_neighbors], squares[: self.n_neighbors]

    def _check(self, positions: Array, squares: Array, error: float) -> None:
        """Raise FallbackRequired if rounding errors could change the neighbours or weights."""
        if (
            self.by_product
            and self.weights == BY_DISTANCE
            and not squares[0] * PRODUCT_TOLERANCE >= error
        ):
            raise FallbackRequired
        last = squares[self.n_neighbors - 1]
        if len(squares) == self.n_neighbors or squares[self.n_neighbors] - last > error:
            return
        tied = self.targets[positions[np.abs(squares - last) <= error]]
        if not len(tied) or (tied != tied[0]).any():
            raise FallbackRequired

    def neighbor_targets(self, X: Array) -> tuple[Array, Array | None]:
        """Return the targets of the neighbours, and their weights.

        Returns
        -------
        targets : array of shape (n_samples, n_neighbors) or (n_samples, n_neighbors, n_outputs)
        weights : array of shape (n_samples, n_neighbors), optional
        """
        if X.shape[1] != self.points.shape[1] or not len(X):
            raise FallbackRequired
        nearest = [self.nearest(x) for x in X.astype(np.float64, copy=False)]
        targets = self.targets[np.array([positions for positions, _ in nearest])]
        if self.weights == UNIFORM:
            return targets, None
        weights = 1.0 / np.sqrt(np.array([squares for _, squares in nearest]))
        at_zero = np.isinf(weights)
        has_zero = at_zero.any(axis=1)
        weights[has_zero] = at_zero[has_zero]
        return targets, weights


@dataclass
class NeighborsRegressor(NearestNeighbors):
    """Mean of the targets of the neighbours."""

    def predict(self, X: Array) -> Array:
        """Return the targets, shape (n_samples,) or (n_samples, n_outputs).

        Raises
        ------
        FallbackRequired
            Rounding errors could change the neighbours, or a mean beyond the tolerance.
        """
        targets, weights = self.neighbor_targets(X)
        if weights is None:
            mean: Array = targets.mean(axis=1)
            return mean
        if targets.ndim > weights.ndim:
            weights = weights[:, :, None]
        terms = targets * weights
        sums = terms.sum(axis=1)
        roundings = self.points.shape[1] + self.n_neighbors + ROUNDINGS
        error = 2 * PRODUCT_TOLERANCE if self.by_product else roundings * DOUBLE
        if (np.abs(terms).sum(axis=1) * error > RTOL * np.abs(sums)).any():
            raise FallbackRequired
        weighted: Array = sums / weights.sum(axis=1)
        return weighted


@dataclass
class NeighborsClassifier(NearestNeighbors):
    """Vote of the labels of the neighbours.

    Parameters
    ----------
    classes : list of array of shape (n_classes,)
        Labels of each output.
    """

    classes: list[Array]

    def __post_init__(self) -> None:
        super().__post_init__()
        labels = self.targets.reshape(len(self.targets), -1)
        sizes = np.array([len(each) for each in self.classes])
        # NumPy's count of labels takes as much memory as the largest one says.
        if labels.dtype.kind not in "iu" or (labels < 0).any() or (labels >= sizes).any():
            raise NotCompilable("Neighbours with labels that are not classes are not compiled.")

    def predict(self, X: Array) -> Array:
        """Return the labels, shape (n_samples,) or (n_samples, n_outputs)."""
        return labels_of_outputs(self.classes, [votes.argmax(axis=1) for votes in self._votes(X)])

    def predict_proba(self, X: Array) -> Any:
        """Return the probabilities, shape (n_samples, n_classes); a list for several outputs."""
        each = [votes / votes.sum(axis=1, keepdims=True) for votes in self._votes(X)]
        return each[0] if self.targets.ndim == 1 else each

    def _votes(self, X: Array) -> list[Array]:
        """Return the votes for each class of each output, shape (n_samples, n_classes)."""
        targets, weights = self.neighbor_targets(X)
        each = [targets] if targets.ndim == 2 else np.moveaxis(targets, 2, 0)  # noqa: PLR2004 - one output
        return [
            _count(labels, weights, len(classes))
            for labels, classes in zip(each, self.classes, strict=True)
        ]


def _count(labels: Array, weights: Array | None, n_classes: int) -> Array:
    """Return the total weight of each class, shape (n_samples, n_classes)."""
    n_samples = len(labels)
    flat_weights = None if weights is None else weights.ravel()
    cells = labels
    if n_samples > 1:
        cells = labels + np.arange(0, n_samples * n_classes, n_classes)[:, None]
    counts = np.bincount(cells.ravel(), flat_weights, n_samples * n_classes)
    return counts.reshape(n_samples, n_classes)
