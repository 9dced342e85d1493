"""Transformers of numbers, column by column or by one product."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    ANY,
    MISSING_TOO,
    Array,
    CompiledEstimator,
    FallbackRequired,
    ufunc,
)

Optional = Array | None


@dataclass
class Scaled(CompiledEstimator):
    """`(X - centre) / scale`.

    Parameters
    ----------
    centre, scale : array of shape (n_features,), optional
    """

    takes: ClassVar[str] = MISSING_TOO

    centre: Optional = None
    scale: Optional = None

    def transform(self, X: Array) -> Array:
        """Return the scaled rows."""
        if self.centre is not None:
            X = X - self.centre
        return X if self.scale is None else X / self.scale


@dataclass
class Ranged(CompiledEstimator):
    """`X * scale + least`, kept within bounds.

    Parameters
    ----------
    scale, least : array of shape (n_features,)
    bounds : list of two floats, optional
    """

    takes: ClassVar[str] = MISSING_TOO

    scale: Array
    least: Array
    bounds: list[float] | None = None

    def transform(self, X: Array) -> Array:
        """Return the scaled rows."""
        X = X * self.scale
        X += self.least
        return X if self.bounds is None else np.clip(X, self.bounds[0], self.bounds[1])


@dataclass
class Normalised(CompiledEstimator):
    """Every row divided by its norm.

    Parameters
    ----------
    norm : {"l1", "l2", "max"}
    """

    norm: str

    def transform(self, X: Array) -> Array:
        """Return the rows of length 1; those of length 0 as they are."""
        if self.norm == "l2":
            lengths = np.sqrt(np.einsum("ij,ij->i", X, X))
        else:
            lengths = abs(X).sum(axis=1) if self.norm == "l1" else abs(X).max(axis=1)
        lengths[lengths < 10 * np.finfo(lengths.dtype).eps] = 1.0
        normalised: Array = X / lengths[:, None]
        return normalised


@dataclass
class Binarised(CompiledEstimator):
    """1 above a threshold, else 0."""

    threshold: float

    def transform(self, X: Array) -> Array:
        """Return ones and zeros."""
        return (X > self.threshold).astype(X.dtype)


@dataclass
class Imputed(CompiledEstimator):
    """Missing values filled in.

    Parameters
    ----------
    statistics : array of shape (n_features,)
    """

    takes: ClassVar[str] = MISSING_TOO

    statistics: Array

    def transform(self, X: Array) -> Array:
        """Return the rows without gaps."""
        return np.where(np.isnan(X), self.statistics, X)


@dataclass
class Selected(CompiledEstimator):
    """Some of the columns.

    Parameters
    ----------
    positions : array of int
    missing : bool
        Whether missing values are taken.
    """

    takes: ClassVar[str] = MISSING_TOO

    positions: Array
    missing: bool

    def transform(self, X: Array) -> Array:
        """Return the columns."""
        if not self.missing and np.isnan(X).any():
            raise FallbackRequired
        return X.take(self.positions, axis=1)


@dataclass
class Projected(CompiledEstimator):
    """`X @ components - shift`, divided by what whitens it.

    Parameters
    ----------
    components : array of shape (n_features, n_components)
    shift : array of shape (n_components,) or (1, n_components), optional
    whitening : array of shape (n_components,), optional
    """

    components: Array
    shift: Optional = None
    whitening: Optional = None

    def transform(self, X: Array) -> Array:
        """Return the projected rows."""
        projected: Array = X @ self.components
        if self.shift is not None:
            projected -= self.shift
        if self.whitening is not None:
            projected /= self.whitening
        return projected


@dataclass
class Applied(CompiledEstimator):
    """An element-wise function of NumPy.

    Parameters
    ----------
    function : str
        Its name; empty for none.
    """

    takes: ClassVar[str] = ANY

    function: str = ""

    def __post_init__(self) -> None:
        self.run = ufunc(self.function) if self.function else None

    def transform(self, X: Array) -> Array:
        """Return the function of every number."""
        return X if self.run is None else self.run(X)
