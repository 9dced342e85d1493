"""Euclidean distances between a row and many points.

All distances are computed in single precision, and some again in double precision.
"""

from math import sqrt

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, FallbackRequired

# Distance from 1 to the next number.
SINGLE, DOUBLE = float(np.finfo(np.float32).eps), float(np.finfo(np.float64).eps)

# A sum of n products is off by at most n + ROUNDINGS units in the last place.
ROUNDINGS = 8

# Range of distances from zero, and from the centre, that single precision can search.
MAX_NUMBER, MIN_SPREAD = 1e15, 1e-15


class PointSearch:
    """Squared distances from points.

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
        self.max_length = sqrt(np.square(points).sum(axis=1).max())
        self.ulps: int = n_features + ROUNDINGS

    def length(self, x: Array) -> float:
        """Return the length of a row, for the other methods.

        Raises
        ------
        FallbackRequired
            The row is too far for single precision.
        """
        square = x.dot(x)
        if not square <= MAX_NUMBER * MAX_NUMBER:
            raise FallbackRequired
        return sqrt(square)

    def rough_squares(self, x: Array, length: float) -> tuple[Array, float]:
        """Return half of the squared distances of all places, less a constant, and an error bound.

        Returns
        -------
        halves : array of shape (n_places,), float32
        error : float
            Numbers differ by less if the estimator takes two points for equally far.
        """
        query = self.query.copy()
        shifted = np.subtract(self.center, x, out=query[:-1], casting="same_kind")
        shifted_length = sqrt(shifted.dot(shifted))
        error = 2 * self._product_error(shifted_length, self.max_centered_length, SINGLE)
        return query.dot(self.search), error + self._product_error(length, self.max_length, DOUBLE)

    def squares(self, x: Array, positions: Array) -> Array:
        """Return the squared distances of some points in double precision."""
        differences = self.points.take(positions, axis=0)
        differences -= x
        squares: Array = np.vecdot(differences, differences)
        return squares

    def error(self, length: float, square: float) -> float:
        """Return a bound of the difference between the estimator's squared distances and these."""
        if self.by_product:
            return self._product_error(length, self.max_length, DOUBLE)
        return self.ulps * DOUBLE * square

    def _product_error(self, length: float, other_length: float, eps: float) -> float:
        """Return an error bound of a squared distance that is computed from products."""
        return self.ulps * eps * (length + other_length) ** 2
