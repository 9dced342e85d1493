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
class RowNormalizer(CompiledEstimator):
    """Rows divided by their norm.

    Parameters
    ----------
    norm : {"l1", "l2", "max"}
    """

    norm: str

    def transform(self, X: Array) -> Array:
        """Return rows of norm 1; rows of norm 0 do not change."""
        if self.norm == "l2":
            norms = np.sqrt(np.einsum("ij,ij->i", X, X))
        else:
            norms = abs(X).sum(axis=1) if self.norm == "l1" else abs(X).max(axis=1)
        norms[norms < 10 * np.finfo(norms.dtype).eps] = 1.0
        normalized: Array = X / norms[:, None]
        return normalized


@dataclass
class Binarizer(CompiledEstimator):
    """1 above a threshold, else 0."""

    threshold: float

    def transform(self, X: Array) -> Array:
        """Return ones and zeros."""
        return (X > self.threshold).astype(X.dtype)


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
