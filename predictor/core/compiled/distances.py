"""Distances between a row and many points: all in single precision, some in double precision.

A measure is a number that grows with the distance.
"""

from math import sqrt

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, FallbackRequired
from predictor.core.compiled.rounding import DOUBLE, ROUNDINGS, SINGLE

# Metrics, by their names in scikit-learn.
EUCLIDEAN, COSINE = "euclidean", "cosine"

# Range of distances from zero, and from the centre, that single precision can search.
MAX_NUMBER, MIN_SPREAD = 1e15, 1e-15

# Range of lengths that have a direction: scikit-learn takes shorter vectors for zero.
MIN_LENGTH, MAX_LENGTH = 1e-14, 1e100


class EuclideanSearch:
    """Squared Euclidean distances.

    Parameters
    ----------
    points : array of shape (n_points, n_features)
    n_places : int
        Number of columns to search, at least n_points; the others are infinitely far.
    by_product : bool
        Whether the estimator computes distances from products, which is less exact than from
        differences.
    """

    def __init__(self, points: Array, n_places: int, *, by_product: bool) -> None:
        n_points, n_features = points.shape
        self.points = points
        self.by_product = by_product
        self.center = points.mean(axis=0)
        centered = points - self.center
        squares = np.square(centered).sum(axis=1)
        # The product of a negated row, with 1 appended, and this is half of the squared distances,
        # without the square of the row.
        self.search = np.zeros((n_features + 1, n_places), dtype=np.float32)
        self.search[:-1, :n_points] = centered.T
        self.search[-1] = np.inf
        self.search[-1, :n_points] = squares / 2
        self.query = np.ones(n_features + 1, dtype=np.float32)
        self.max_centered_length = sqrt(squares.max())
        self.max_length = float(lengths(points).max())
        self.ulps: int = n_features + ROUNDINGS

    def prepare(self, x: Array) -> tuple[Array, float]:
        """Return a row, shape (n_features,), and its length, for the other methods.

        Raises
        ------
        FallbackRequired
            The row is too far, or has no direction.
        """
        square = x.dot(x)
        if not square <= MAX_NUMBER * MAX_NUMBER:
            raise FallbackRequired
        return x, sqrt(square)

    def all_measures(self, x: Array, length: float) -> tuple[Array, float]:
        """Return the measures of all places in single precision, and an error bound.

        Returns
        -------
        measures : array of shape (n_places,)
            Half of the squared distances, less a constant.
        error : float
            Measures differ by less if the estimator takes two points for equally far.
        """
        query = self.query.copy()
        shifted = np.subtract(self.center, x, out=query[:-1], casting="same_kind")
        shifted_length = sqrt(shifted.dot(shifted))
        error = 2 * self._product_error(shifted_length, self.max_centered_length, SINGLE)
        return query.dot(self.search), error + self._product_error(length, self.max_length, DOUBLE)

    def measures(self, x: Array, positions: Array) -> Array:
        """Return the squared distances of some points in double precision."""
        differences = self.points.take(positions, axis=0)
        differences -= x
        squares: Array = np.vecdot(differences, differences)
        return squares

    def error(self, length: float, measure: float) -> float:
        """Return a bound of the difference between the estimator's measures and these."""
        if self.by_product:
            return self._product_error(length, self.max_length, DOUBLE)
        return self.ulps * DOUBLE * measure

    def distances(self, measures: Array) -> Array:
        """Return the distances of measures."""
        distances: Array = np.sqrt(measures)
        return distances

    def _product_error(self, length: float, other_length: float, eps: float) -> float:
        """Return an error bound of a squared distance that is computed from products."""
        return self.ulps * eps * (length + other_length) ** 2


class CosineSearch(EuclideanSearch):
    """Cosine distances: half of the squared distances of vectors of length 1.

    Parameters
    ----------
    points : array of shape (n_points, n_features)
        No point is zero.
    n_places : int
    """

    def __init__(self, points: Array, n_places: int) -> None:
        super().__init__(points / lengths(points)[:, None], n_places, by_product=True)

    def prepare(self, x: Array) -> tuple[Array, float]:
        """Return the row scaled to length 1, and 1; see `EuclideanSearch`."""
        length = sqrt(x.dot(x))
        if not MIN_LENGTH <= length <= MAX_LENGTH:
            raise FallbackRequired
        return x / length, 1.0

    def distances(self, measures: Array) -> Array:
        """Return the cosine distances of measures."""
        return measures / 2


def lengths(points: Array) -> Array:
    """Return the Euclidean length of each point, shape (n_points,)."""
    roots: Array = np.sqrt(np.square(points).sum(axis=1))
    return roots
