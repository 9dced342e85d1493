"""Kernels between rows and support vectors, with bounds of their rounding errors.

Kernels of many rows are matrix products, which are fast. Kernels of a single row are computed in
the order of libsvm, which is exact to a few roundings.

References
----------
`k_function` of libsvm, as it is part of scikit-learn.
"""

from dataclasses import dataclass
from math import expm1, inf, sqrt

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, CompiledEstimator
from predictor.core.compiled.rounding import DOUBLE, ROUNDINGS

# With a larger error of the exponent, the result has no correct digit.
MAX_EXPONENT_ERROR = 1.0


@dataclass
class Kernel(CompiledEstimator):
    """Kernel between rows and support vectors.

    Parameters
    ----------
    vectors : array of shape (n_vectors, n_features)
    """

    vectors: Array

    def of_rows(self, X: Array) -> tuple[Array, float]:
        """Return the kernels of rows by matrix products.

        Returns
        -------
        values : array of shape (n_samples, n_vectors)
        error : float
            Error bound of the exponents or the products.
        """
        raise NotImplementedError

    def sum_errors(self, sizes: Array, total_weight: float, error: float) -> Array:
        """Return error bounds of weighted sums of kernels, shape (n_samples, n_sums).

        Parameters
        ----------
        sizes : array of shape (n_samples, n_sums)
            Sums of absolute kernels times absolute weights.
        total_weight : float
            Sum of the absolute weights.
        error : float
            Error bound that `of_rows` returns.
        """
        raise NotImplementedError

    def of_row(self, x: Array) -> tuple[Array, Array]:
        """Return the kernels of one row in the order of libsvm, and their errors.

        Both have the shape (n_vectors,). The errors of n products add up to the root of n, because
        roundings go up and down. libsvm makes most of them too.
        """
        raise NotImplementedError


@dataclass
class RadialKernel(Kernel):
    """`exp(-gamma * squared distance)`.

    Parameters
    ----------
    gamma : float
    """

    gamma: float

    def __post_init__(self) -> None:
        self.center = self.vectors.mean(axis=0)
        centered = self.vectors - self.center
        squares = np.vecdot(centered, centered)
        # The exponents are the product of this and a row with 1 and its square appended.
        factors = np.column_stack([2 * centered, -squares, -np.ones(len(squares))])
        self.weights = np.ascontiguousarray(self.gamma * factors.T)
        self.max_length = sqrt(squares.max())
        self.n_features = len(self.center)
        self.error = (self.n_features + ROUNDINGS) * DOUBLE * self.gamma

    def of_rows(self, X: Array) -> tuple[Array, float]:
        """Return the kernels of rows by matrix products; see `Kernel`."""
        extended = np.ones((len(X), len(self.weights)))
        centered = np.subtract(X, self.center, out=extended[:, :-2])
        extended[:, -1] = squares = np.vecdot(centered, centered)
        values = extended.dot(self.weights)
        length = sqrt(squares.max()) + self.max_length
        return np.exp(values, out=values), self.error * length * length

    def sum_errors(self, sizes: Array, total_weight: float, error: float) -> Array:  # noqa: ARG002 - the interface
        """Return error bounds of weighted sums; see `Kernel`."""
        if not error <= MAX_EXPONENT_ERROR:
            return np.full_like(sizes, inf)
        return sizes * expm1(error)

    def of_row(self, x: Array) -> tuple[Array, Array]:
        """Return the kernels of one row in the order of libsvm; see `Kernel`."""
        differences = x - self.vectors
        exponents = self.gamma * np.vecdot(differences, differences)
        values = np.exp(-exponents)
        return values, DOUBLE * sqrt(self.n_features) * exponents * values


@dataclass
class LinearKernel(Kernel):
    """Scalar product."""

    def __post_init__(self) -> None:
        self.weights = np.ascontiguousarray(self.vectors.T)
        self.lengths = np.sqrt(np.vecdot(self.vectors, self.vectors))
        self.max_length = float(self.lengths.max())
        self.n_features = len(self.weights)
        self.error = (self.n_features + ROUNDINGS) * DOUBLE

    def of_rows(self, X: Array) -> tuple[Array, float]:
        """Return the kernels of rows by matrix products; see `Kernel`."""
        length = sqrt(np.vecdot(X, X).max())
        return X.dot(self.weights), self.error * length * self.max_length

    def sum_errors(self, sizes: Array, total_weight: float, error: float) -> Array:
        """Return error bounds of weighted sums; see `Kernel`."""
        return np.full_like(sizes, total_weight * error)

    def of_row(self, x: Array) -> tuple[Array, Array]:
        """Return the kernels of one row in the order of libsvm; see `Kernel`."""
        products = np.vecdot(self.vectors, x)
        length = sqrt(self.n_features * x.dot(x))
        return products, DOUBLE * (length * self.lengths + np.abs(products))
