"""How far points are from a row: of all of them in single precision, of some in double.

Where they measure, a measure that grows with the distance will do.
"""

from math import sqrt
from typing import Protocol

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, FallbackRequired
from predictor.core.compiled.rounding import DOUBLE, ROUNDINGS, SINGLE

# The metrics, as scikit-learn calls them.
EUCLIDEAN, COSINE, MANHATTAN, CHEBYSHEV = "euclidean", "cosine", "manhattan", "chebyshev"

# Among points farther from zero, or nearer to their center, single precision does not search.
FARTHEST, NEAREST = 1e15, 1e-15

# A row, or a point, has a direction where its length is between these: what is shorter still
# scikit-learn takes for zero.
SHORTEST, LONGEST = 1e-14, 1e100

# So many differences are held at once.
AT_ONCE = 2**19


class Space(Protocol):
    """Points, and places without points after them, which are infinitely far."""

    def placed(self, x: Array) -> tuple[Array, float]:
        """Return a row, shape (n_features,), and its length, as the other methods take them.

        Raises
        ------
        FallbackRequired
            It is too far, or has no direction.
        """

    def near(self, x: Array, length: float) -> tuple[Array, float]:
        """Return the measures of all places in single precision, and how exact they are.

        Returns
        -------
        measures : array of shape (n_places,)
            Beside what all have in common.
        doubt : float
            If the estimator has one point as far as another, the measures differ by no more.
        """

    def measured(self, x: Array, positions: Array) -> Array:
        """Return the measures of some points in double precision."""

    def doubt(self, length: float, measure: float) -> float:
        """Return how far the estimator's measures may be from these."""

    def distances(self, measures: Array) -> Array:
        """Return the distances."""


class Products:
    """Squared distances, of all points by one product.

    Parameters
    ----------
    points : array of shape (n_points, n_features)
    n_places : int
    by_product : bool
        Whether the estimator computes them from products, which is less exact, and not from
        differences.
    """

    def __init__(self, points: Array, n_places: int, *, by_product: bool) -> None:
        n_points, n_features = points.shape
        self.points = points
        self.by_product = by_product
        self.center = points.mean(axis=0)
        centered = points - self.center
        squares = np.square(centered).sum(axis=1)
        # A row, negated, times this is half of the squared distances, without what all have in
        # common.
        self.search = np.zeros((n_features + 1, n_places), dtype=np.float32)
        self.search[:-1, :n_points] = centered.T
        self.search[-1] = np.inf
        self.search[-1, :n_points] = squares / 2
        # What is asked for: the row, and one time what is the point's alone.
        self.asked = np.ones(n_features + 1, dtype=np.float32)
        self.reach_centered = sqrt(squares.max())
        self.reach = float(lengths(points).max())
        self.ulps: int = n_features + ROUNDINGS

    def placed(self, x: Array) -> tuple[Array, float]:
        """Return the row, and its length."""
        square = x.dot(x)
        if not square <= FARTHEST * FARTHEST:
            raise FallbackRequired
        return x, sqrt(square)

    def near(self, x: Array, length: float) -> tuple[Array, float]:
        """Return halves of the squared distances."""
        asked = self.asked.copy()
        shifted = np.subtract(self.center, x, out=asked[:-1], casting="same_kind")
        length_shifted = sqrt(shifted.dot(shifted))
        doubt = 2 * self._of_products(length_shifted, self.reach_centered, SINGLE)
        return asked.dot(self.search), doubt + self._of_products(length, self.reach, DOUBLE)

    def measured(self, x: Array, positions: Array) -> Array:
        """Return the squared distances."""
        apart = self.points.take(positions, axis=0)
        apart -= x
        squares: Array = np.vecdot(apart, apart)
        return squares

    def doubt(self, length: float, measure: float) -> float:
        """Return how far the estimator's squared distances may be from these."""
        if self.by_product:
            return self._of_products(length, self.reach, DOUBLE)
        return self.ulps * DOUBLE * measure

    def distances(self, measures: Array) -> Array:
        """Return the distances of squared ones."""
        distances: Array = np.sqrt(measures)
        return distances

    def _of_products(self, length: float, reach: float, eps: float) -> float:
        """Return how far a squared distance by products may be from the true one."""
        return self.ulps * eps * (length + reach) ** 2


class Directions(Products):
    """Cosine distances: half of the squared ones, all at length one.

    Parameters
    ----------
    points : array of shape (n_points, n_features)
        None at zero.
    n_places : int
    """

    def __init__(self, points: Array, n_places: int) -> None:
        super().__init__(points / lengths(points)[:, None], n_places, by_product=True)

    def placed(self, x: Array) -> tuple[Array, float]:
        """Return the row at length one."""
        length = sqrt(x.dot(x))
        if not SHORTEST <= length <= LONGEST:
            raise FallbackRequired
        return x / length, 1.0

    def distances(self, measures: Array) -> Array:
        """Return the cosine distances."""
        return measures / 2


class Differences:
    """Distances by the differences in each column: their sum, or the greatest.

    Parameters
    ----------
    points : array of shape (n_points, n_features)
    n_places : int
    metric : {"manhattan", "chebyshev"}
    """

    def __init__(self, points: Array, n_places: int, metric: str) -> None:
        n_points, n_features = points.shape
        self.points = points
        self.center = points.mean(axis=0)
        centered = points - self.center
        self.search = np.full((n_features, n_places), np.inf, dtype=np.float32)
        self.search[:, :n_points] = centered.T
        self.reach = float(np.abs(centered).sum(axis=1).max())
        self.ulps: int = n_features + ROUNDINGS
        self.ones = np.ones(n_features, dtype=np.float32)
        self.added = metric == MANHATTAN

    def placed(self, x: Array) -> tuple[Array, float]:
        """Return the row, and the sum of its columns."""
        length = float(np.abs(x).sum())
        if not length <= FARTHEST:
            raise FallbackRequired
        return x, length

    def near(self, x: Array, length: float) -> tuple[Array, float]:  # noqa: ARG002 - told by the shifted row
        """Return the distances."""
        shifted = (self.center - x).astype(np.float32)[:, None]
        distances = np.empty(self.search.shape[1], dtype=np.float32)
        block = max(1, AT_ONCE // len(shifted))
        for start in range(0, len(distances), block):
            apart = self.search[:, start : start + block] + shifted
            np.abs(apart, out=apart)
            out = distances[start : start + block]
            if self.added:
                np.matmul(self.ones, apart, out=out)
            else:
                apart.max(axis=0, out=out)
        return distances, 2 * self.ulps * SINGLE * (float(np.abs(shifted).sum()) + self.reach)

    def measured(self, x: Array, positions: Array) -> Array:
        """Return the distances."""
        apart = self.points.take(positions, axis=0)
        apart -= x
        np.abs(apart, out=apart)
        measured: Array = apart.sum(axis=1) if self.added else apart.max(axis=1)
        return measured

    def doubt(self, length: float, measure: float) -> float:  # noqa: ARG002 - the same wherever it is
        """Return how far the estimator's distances may be from these."""
        return self.ulps * DOUBLE * measure

    def distances(self, measures: Array) -> Array:
        """Return what they are."""
        return measures


def space(metric: str, points: Array, n_places: int, *, by_product: bool) -> Space:
    """Return the points as they lie by a metric.

    Parameters
    ----------
    metric : {"euclidean", "cosine", "manhattan", "chebyshev"}
    points : array of shape (n_points, n_features)
    n_places : int
        At least as many as points.
    by_product : bool
        Whether the estimator computes Euclidean distances from products.
    """
    if metric == EUCLIDEAN:
        return Products(points, n_places, by_product=by_product)
    if metric == COSINE:
        return Directions(points, n_places)
    return Differences(points, n_places, metric)


def lengths(points: Array) -> Array:
    """Return how far each point is from zero, shape (n_points,)."""
    far: Array = np.sqrt(np.square(points).sum(axis=1))
    return far
