"""Kernels: what a row has in common with each support vector, and how far off rounding may put it.

By products, which are fast for many vectors; and one row as the estimator itself computes it.

References
----------
libsvm's `k_function`, as it is within scikit-learn.
"""

from dataclasses import dataclass
from math import expm1, inf, sqrt

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, CompiledEstimator
from predictor.core.compiled.rounding import DOUBLE, ROUNDINGS

# An exponent farther off says nothing, even where it gives zero.
FARTHEST_OFF = 1.0

# Beyond so much kernels are not computed.
FARTHEST = 1e100


@dataclass
class Kernel(CompiledEstimator):
    """What a row has in common with each support vector.

    Parameters
    ----------
    vectors : array of shape (n_vectors, n_features)
    gamma : float
    """

    vectors: Array
    gamma: float

    def of_rows(self, X: Array) -> tuple[Array, float]:
        """Return the kernels of rows, by products, and how far exponents or products may be off.

        The former have the shape (n_samples, n_vectors).
        """
        raise NotImplementedError

    def doubts(self, sums: Array, size: float, off: float) -> Array:
        """Return how far weighted sums of kernels may be off at most, shape (n_samples, n_sums).

        Parameters
        ----------
        sums : array of shape (n_samples, n_sums)
            Of the sizes of kernels, times those of weights.
        size : float
            The sum of the sizes of the weights.
        off : float
            How far exponents or products may be off.
        """
        raise NotImplementedError

    def of_row(self, x: Array) -> tuple[Array, Array]:
        """Return the kernels of one row, computed as by the estimator, and how far they may be off.

        Both have the shape (n_vectors,). The roundings of n products add up to the root of n, as
        they go up and down, and most of them are the estimator's own.
        """
        raise NotImplementedError


@dataclass
class Radial(Kernel):
    """`exp(-gamma * squared distance)`."""

    def __post_init__(self) -> None:
        self.center = self.vectors.mean(axis=0)
        centered = self.vectors - self.center
        squares = np.vecdot(centered, centered)
        # A row, with 1 and its square behind, times this is the exponents.
        factors = np.column_stack([2 * centered, -squares, -np.ones(len(squares))])
        self.weights = np.ascontiguousarray(self.gamma * factors.T)
        self.reach = sqrt(squares.max())
        self.n_features = len(self.center)
        self.doubt = (self.n_features + ROUNDINGS) * DOUBLE * self.gamma

    def of_rows(self, X: Array) -> tuple[Array, float]:
        """Return the kernels of rows; see `Kernel`."""
        asked = np.ones((len(X), len(self.weights)))
        centered = np.subtract(X, self.center, out=asked[:, :-2])
        asked[:, -1] = squares = np.vecdot(centered, centered)
        values = asked.dot(self.weights)
        length = sqrt(squares.max()) + self.reach
        return np.exp(values, out=values), self.doubt * length * length

    def doubts(self, sums: Array, size: float, off: float) -> Array:  # noqa: ARG002 - as each kernel
        """Return how far weighted sums may be off; see `Kernel`."""
        if not off <= FARTHEST_OFF:
            return np.full_like(sums, inf)
        return sums * expm1(off)

    def of_row(self, x: Array) -> tuple[Array, Array]:
        """Return the kernels of one row; see `Kernel`."""
        apart = x - self.vectors
        exponents = self.gamma * np.vecdot(apart, apart)
        values = np.exp(-exponents)
        return values, DOUBLE * sqrt(self.n_features) * exponents * values


@dataclass
class DotProducts(Kernel):
    """The product; `gamma` is 1."""

    def __post_init__(self) -> None:
        self.weights = np.ascontiguousarray(self.vectors.T)
        self.lengths = np.sqrt(np.vecdot(self.vectors, self.vectors))
        self.reach = float(self.lengths.max())
        self.n_features = len(self.weights)
        self.doubt = (self.n_features + ROUNDINGS) * DOUBLE

    def of_rows(self, X: Array) -> tuple[Array, float]:
        """Return the kernels of rows; see `Kernel`."""
        size = sqrt(np.vecdot(X, X).max()) * self.reach
        return X.dot(self.weights), self.doubt * size

    def doubts(self, sums: Array, size: float, off: float) -> Array:
        """Return how far weighted sums may be off; see `Kernel`."""
        return np.full_like(sums, size * off)

    def of_row(self, x: Array) -> tuple[Array, Array]:
        """Return the kernels of one row; see `Kernel`."""
        products = np.vecdot(self.vectors, x)
        length = sqrt(self.n_features * x.dot(x))
        return products, DOUBLE * (length * self.lengths + np.abs(products))
