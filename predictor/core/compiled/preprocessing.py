"""Transformers of numbers, column by column or by one product."""

from dataclasses import dataclass, field
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
class Clipped(Scaled):
    """Divided by a scale, and kept from -1 to 1."""

    def transform(self, X: Array) -> Array:
        """Return the scaled rows."""
        return np.clip(super().transform(X), -1.0, 1.0)


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
class BoxCox(Scaled):
    """Powers of positive numbers, scaled.

    Parameters
    ----------
    powers : array of shape (n_features,)
        The logarithm where it is 0.
    """

    powers: Array = field(kw_only=True)

    def transform(self, X: Array) -> Array:
        """Return the powers, scaled.

        Raises
        ------
        FallbackRequired
            There are numbers that are not positive.
        """
        if (X <= 0).any():
            raise FallbackRequired
        return super().transform(powers_of(np.log(X), self.powers))


@dataclass
class YeoJohnson(Scaled):
    """Powers of one more than numbers, with the sign of the numbers, scaled.

    Parameters
    ----------
    powers : array of shape (n_features,)
        Below zero it is what is missing to 2.
    """

    powers: Array = field(kw_only=True)

    def transform(self, X: Array) -> Array:
        """Return the powers, scaled."""
        powers = np.where(X < 0, 2 - self.powers, self.powers)
        return super().transform(np.copysign(powers_of(np.log1p(np.abs(X)), powers), X))


def powers_of(logarithms: Array, powers: Array) -> Array:
    """Return `(exp(power * logarithm) - 1) / power`, or the logarithm where the power is 0.

    Raises
    ------
    FallbackRequired
        One is beyond what a double can be.
    """
    none = np.abs(powers) <= np.finfo(np.float64).eps
    raised = np.expm1(powers * logarithms) / np.where(none, 1.0, powers)
    if np.isinf(raised).any():
        raise FallbackRequired
    return np.where(none, logarithms, raised)


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
    """`(X - centre) / scale @ components - shift`, divided by what whitens it.

    Parameters
    ----------
    components : array of shape (n_features, n_components)
    centre, scale : array of shape (n_features,), optional
    shift : array of shape (n_components,) or (1, n_components), optional
    whitening : array of shape (n_components,), optional
    """

    components: Array
    centre: Optional = None
    scale: Optional = None
    shift: Optional = None
    whitening: Optional = None

    def transform(self, X: Array) -> Array:
        """Return the projected rows."""
        if self.centre is not None:
            X = X - self.centre
        if self.scale is not None:
            X = X / self.scale
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
