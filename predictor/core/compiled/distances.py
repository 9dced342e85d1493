"""How far points are from a row: of all of them in single precision, of some in double.

Where they measure, a measure that grows with the distance will do.
"""

from math import sqrt

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, FallbackRequired
from predictor.core.compiled.rounding import DOUBLE, ROUNDINGS, SINGLE

# The metrics, as scikit-learn calls them.
EUCLIDEAN, COSINE = "euclidean", "cosine"

# Among points farther from zero, or nearer to their center, single precision does not search.
FARTHEST, NEAREST = 1e15, 1e-15

# A row, or a point, has a direction where its length is between these: what is shorter still
# scikit-learn takes for zero.
SHORTEST, LONGEST = 1e-14, 1e100


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


def space(metric: str, points: Array, n_places: int, *, by_product: bool) -> Products:
    """Return the points as they lie by a metric.

    Parameters
    ----------
    metric : {"euclidean", "cosine"}
    points : array of shape (n_points, n_features)
    n_places : int
        At least as many as points.
    by_product : bool
        Whether the estimator computes Euclidean distances from products.
    """
    if metric == COSINE:
        return Directions(points, n_places)
    return Products(points, n_places, by_product=by_product)


def lengths(points: Array) -> Array:
    """Return how far each point is from zero, shape (n_points,)."""
    far: Array = np.sqrt(np.square(points).sum(axis=1))
    return far
