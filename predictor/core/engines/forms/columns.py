"""Transformers of numbers, column by column or by one product."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from predictor.core.engines.forms.form import (
    ANY,
    MISSING_TOO,
    Array,
    Declined,
    Form,
    NoForm,
    ufunc,
)

Optional = Array | None


@dataclass
class Scaled(Form):
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
class Ranged(Form):
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
class Normalised(Form):
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
class Binarised(Form):
    """1 above a threshold, else 0."""

    threshold: float

    def transform(self, X: Array) -> Array:
        """Return ones and zeros."""
        return (X > self.threshold).astype(X.dtype)


@dataclass
class Imputed(Form):
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
class Selected(Form):
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
            raise Declined
        return X.take(self.positions, axis=1)


@dataclass
class Projected(Form):
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
class Applied(Form):
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


def standard(estimator: Any) -> Scaled:
    """Return the form of a standard scaler."""
    return Scaled(
        estimator.mean_ if estimator.with_mean else None,
        estimator.scale_ if estimator.with_std else None,
    )


def robust(estimator: Any) -> Scaled:
    """Return the form of a robust scaler."""
    return Scaled(
        estimator.center_ if estimator.with_centering else None,
        estimator.scale_ if estimator.with_scaling else None,
    )


def greatest(estimator: Any) -> Scaled:
    """Return the form of a scaler by the greatest absolute value."""
    kind = Clipped if getattr(estimator, "clip", False) else Scaled
    return kind(None, estimator.scale_)


def ranged(estimator: Any) -> Ranged:
    """Return the form of a scaler to a range."""
    bounds = [float(bound) for bound in estimator.feature_range] if estimator.clip else None
    return Ranged(estimator.scale_, estimator.min_, bounds)


def imputed(estimator: Any) -> Imputed:
    """Return the form of a simple imputer of numbers."""
    statistics = estimator.statistics_
    plain = estimator.missing_values != estimator.missing_values and not estimator.add_indicator
    if not plain or statistics.dtype.kind != "f" or np.isnan(statistics).any():
        raise NoForm("A simple imputer is compiled for missing numbers alone.")
    return Imputed(statistics)


def selected(estimator: Any) -> Selected:
    """Return the form of a selection of columns."""
    tags = estimator.__sklearn_tags__().input_tags
    return Selected(np.flatnonzero(estimator.get_support()), bool(tags.allow_nan))


def principal(estimator: Any) -> Projected:
    """Return the form of a principal component analysis."""
    components = estimator.components_.T
    form = Projected(components, shift=estimator.mean_.reshape(1, -1) @ components)
    if estimator.whiten:
        whitening = np.sqrt(estimator.explained_variance_)
        form.whitening = np.maximum(whitening, np.finfo(whitening.dtype).eps)
    return form


def truncated(estimator: Any) -> Projected:
    """Return the form of a truncated singular value decomposition."""
    return Projected(estimator.components_.T)


def least_squares(estimator: Any) -> Projected:
    """Return the form of a partial least squares transformer."""
    return Projected(estimator.x_rotations_, estimator._x_mean, estimator._x_std)  # noqa: SLF001


def applied(estimator: Any) -> Applied:
    """Return the form of a function."""
    function = estimator.func
    if estimator.validate or estimator.kw_args:
        raise NoForm("A function is compiled without arguments and checks.")
    if function is None:
        return Applied()
    name = getattr(function, "__name__", "")
    if getattr(np, name, None) is not function:
        raise NoForm("A function of NumPy alone is compiled.")
    return Applied(name)


COMPILED = {
    "StandardScaler": standard,
    "RobustScaler": robust,
    "MaxAbsScaler": greatest,
    "MinMaxScaler": ranged,
    "Normalizer": lambda estimator: Normalised(estimator.norm),
    "Binarizer": lambda estimator: Binarised(float(estimator.threshold)),
    "SimpleImputer": imputed,
    "PCA": principal,
    "IncrementalPCA": principal,
    "TruncatedSVD": truncated,
    "FunctionTransformer": applied,
    **dict.fromkeys(
        (
            "GenericUnivariateSelect",
            "SelectFdr",
            "SelectFpr",
            "SelectFromModel",
            "SelectFwe",
            "SelectKBest",
            "SelectPercentile",
            "SequentialFeatureSelector",
            "VarianceThreshold",
        ),
        selected,
    ),
}
