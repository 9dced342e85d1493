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
    """Functions of `gamma * product + coef0`.

    Parameters
    ----------
    coef0 : float
    """

    coef0: float

    def __post_init__(self) -> None:
        self.weights = np.ascontiguousarray(self.gamma * self.vectors.T)
        self.lengths = self.gamma * np.sqrt(np.vecdot(self.vectors, self.vectors))
        self.reach = float(self.lengths.max())
        self.n_features = len(self.weights)
        self.doubt = (self.n_features + ROUNDINGS) * DOUBLE

    def many(self, X: Array) -> tuple[Array, float]:
        """Return the products of rows, and how far they may be off at most."""
        products = X.dot(self.weights)
        products += self.coef0
        size = sqrt(np.vecdot(X, X).max()) * self.reach + abs(self.coef0)
        return products, self.doubt * size

    def few(self, x: Array) -> tuple[Array, Array]:
        """Return the products of one row, and how far they may be off."""
        products = self.gamma * np.vecdot(self.vectors, x) + self.coef0
        length = sqrt(self.n_features * x.dot(x))
        return products, DOUBLE * (length * self.lengths + np.abs(products))


@dataclass
class Polynomial(DotProducts):
    """A power of the product.

    Parameters
    ----------
    degree : int
    """

    degree: int

    def of_rows(self, X: Array) -> tuple[Array, float]:
        """Return the kernels of rows; see `Kernel`."""
        products, off = self.many(X)
        return power(products, self.degree), off

    def doubts(self, sums: Array, size: float, off: float) -> Array:
        """Return how far weighted sums may be off; see `Kernel`.

        Notes
        -----
        A power is as steep as a lesser one is high; of those, Hölder's inequality bounds the sum.
        """
        if not self.degree:
            return np.zeros_like(sums)
        root = 1 / self.degree
        rooted = size**root
        highest = (sums**root + off * rooted) ** (self.degree - 1)
        doubts: Array = self.degree * off * rooted * highest
        return doubts

    def of_row(self, x: Array) -> tuple[Array, Array]:
        """Return the kernels of one row; see `Kernel`."""
        products, doubts = self.few(x)
        steep = self.degree * power(np.abs(products) + doubts, self.degree - 1)
        return power(products, self.degree), steep * doubts


@dataclass
class Sigmoid(DotProducts):
    """The hyperbolic tangent of the product."""

    def of_rows(self, X: Array) -> tuple[Array, float]:
        """Return the kernels of rows; see `Kernel`."""
        products, off = self.many(X)
        return np.tanh(products, out=products), off

    def doubts(self, sums: Array, size: float, off: float) -> Array:
        """Return how far weighted sums may be off; see `Kernel`."""
        return np.full_like(sums, size * off)

    def of_row(self, x: Array) -> tuple[Array, Array]:
        """Return the kernels of one row; see `Kernel`."""
        products, doubts = self.few(x)
        values = np.tanh(products)
        return values, (1 - values * values + doubts) * doubts


def power(base: Array, times: int) -> Array:
    """Return a power as libsvm computes it: by squares."""
    result = None
    while times > 0:
        if times % 2:
            result = base if result is None else result * base
        times //= 2
        if times:
            base = base * base
    return np.ones_like(base) if result is None else result
