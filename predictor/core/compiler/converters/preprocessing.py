"""Fitted transformers of numbers, drawn as forms."""

from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiled.preprocessing import (
    Applied,
    Binarised,
    Imputed,
    Normalised,
    Projected,
    Ranged,
    Scaled,
    Selected,
)


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
    if estimator.clip:
        raise NotCompilable("A scaler by the greatest absolute value that clips is not compiled.")
    return Scaled(None, estimator.scale_)


def ranged(estimator: Any) -> Ranged:
    """Return the form of a scaler to a range."""
    bounds = [float(bound) for bound in estimator.feature_range] if estimator.clip else None
    return Ranged(estimator.scale_, estimator.min_, bounds)


def imputed(estimator: Any) -> Imputed:
    """Return the form of a simple imputer of numbers."""
    statistics = estimator.statistics_
    plain = estimator.missing_values != estimator.missing_values and not estimator.add_indicator
    if not plain or statistics.dtype.kind != "f" or np.isnan(statistics).any():
        raise NotCompilable("A simple imputer is compiled for missing numbers alone.")
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


def applied(estimator: Any) -> Applied:
    """Return the form of a function."""
    function = estimator.func
    if estimator.validate or estimator.kw_args:
        raise NotCompilable("A function is compiled without arguments and checks.")
    if function is None:
        return Applied()
    name = getattr(function, "__name__", "")
    if getattr(np, name, None) is not function:
        raise NotCompilable("A function of NumPy alone is compiled.")
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
