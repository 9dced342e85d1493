"""Transformers of numbers: column by column, or by one product."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    ANY,
    FINITE_OR_NAN,
    Array,
    CompiledEstimator,
    FallbackRequired,
    numpy_function,
)


@dataclass
class Scaler(CompiledEstimator):
    """`(X - centre) / scale`.

    Parameters
    ----------
    centre, scale : array of shape (n_features,), optional
    """

    accepts: ClassVar[str] = FINITE_OR_NAN

    centre: Array | None = None
    scale: Array | None = None

    def transform(self, X: Array) -> Array:
        """Return the scaled rows."""
        if self.centre is not None:
            X = X - self.centre
        return X if self.scale is None else X / self.scale


@dataclass
class RangeScaler(CompiledEstimator):
    """`X * scale + minimum`, optionally clipped.

    Parameters
    ----------
    scale, minimum : array of shape (n_features,)
    bounds : list of two floats, optional
    """

    accepts: ClassVar[str] = FINITE_OR_NAN

    scale: Array
    minimum: Array
    bounds: list[float] | None = None

    def transform(self, X: Array) -> Array:
        """Return the scaled rows."""
        X = X * self.scale
        X += self.minimum
        return X if self.bounds is None else np.clip(X, self.bounds[0], self.bounds[1])


@dataclass
class NumberImputer(CompiledEstimator):
    """Missing numbers replaced by a statistic of their column.

    Parameters
    ----------
    statistics : array of shape (n_features,)
    """

    accepts: ClassVar[str] = FINITE_OR_NAN

    statistics: Array

    def transform(self, X: Array) -> Array:
        """Return the rows without missing numbers."""
        return np.where(np.isnan(X), self.statistics, X)


@dataclass
class ColumnSelector(CompiledEstimator):
    """Selection of columns.

    Parameters
    ----------
    positions : array of int
    accepts_nan : bool
    """

    accepts: ClassVar[str] = FINITE_OR_NAN

    positions: Array
    accepts_nan: bool

    def transform(self, X: Array) -> Array:
        """Return the selected columns.

        Raises
        ------
        FallbackRequired
            The estimator rejects a missing number.
        """
        if not self.accepts_nan and np.isnan(X).any():
            raise FallbackRequired
        return X.take(self.positions, axis=1)


@dataclass
class LinearProjection(CompiledEstimator):
    """`(X @ components - shift) / scale`.

    Parameters
    ----------
    components : array of shape (n_features, n_components)
    shift : array of shape (1, n_components), optional
    scale : array of shape (n_components,), optional
    """

    components: Array
    shift: Array | None = None
    scale: Array | None = None

    def transform(self, X: Array) -> Array:
        """Return the projected rows, shape (n_samples, n_components)."""
        projected: Array = X @ self.components
        if self.shift is not None:
            projected -= self.shift
        if self.scale is not None:
            projected /= self.scale
        return projected


@dataclass
class NumpyFunction(CompiledEstimator):
    """Element-wise function of NumPy, or the identity.

    Parameters
    ----------
    name : str
        Empty for the identity.
    """

    accepts: ClassVar[str] = ANY

    name: str = ""

    def __post_init__(self) -> None:
        self.function = numpy_function(self.name) if self.name else None

    def transform(self, X: Array) -> Array:
        """Return the function of every number."""
        return X if self.function is None else self.function(X)


@dataclass
class PolynomialExpansion(CompiledEstimator):
    """Products of columns.

    Parameters
    ----------
    factors : array of int, shape (degree, n_out)
        Columns to multiply, in reverse order; 0 is the constant 1, and n is column n - 1.
    """

    factors: Array

    def transform(self, X: Array) -> Array:
        """Return the products, shape (n_samples, n_out)."""
        padded = np.empty((len(X), X.shape[1] + 1))
        padded[:, 0] = 1.0
        padded[:, 1:] = X
        products: Array = padded.take(self.factors[-1], axis=1)
        for columns in self.factors[-2::-1]:
            products *= padded.take(columns, axis=1)
        return products
