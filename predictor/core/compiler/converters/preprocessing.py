"""Convert fitted transformers of numbers."""

from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import CompiledEstimator, NotCompilable
from predictor.core.compiled.preprocessing import (
    ColumnSelector,
    LinearProjection,
    NumberImputer,
    NumpyFunction,
    PolynomialExpansion,
    RangeScaler,
    Scaler,
)
from predictor.core.compiler.converters.dispatch import CONVERTERS
from predictor.core.compiler.converters.encoders import convert_string_imputer


def _standard_scaler(estimator: Any) -> Scaler:
    return Scaler(
        estimator.mean_ if estimator.with_mean else None,
        estimator.scale_ if estimator.with_std else None,
    )


def _robust_scaler(estimator: Any) -> Scaler:
    return Scaler(
        estimator.center_ if estimator.with_centering else None,
        estimator.scale_ if estimator.with_scaling else None,
    )


def _max_abs_scaler(estimator: Any) -> Scaler:
    if estimator.clip:
        raise NotCompilable("A MaxAbsScaler that clips is not compiled.")
    return Scaler(None, estimator.scale_)


def _min_max_scaler(estimator: Any) -> RangeScaler:
    bounds = [float(bound) for bound in estimator.feature_range] if estimator.clip else None
    return RangeScaler(estimator.scale_, estimator.min_, bounds)


def _imputer(estimator: Any) -> CompiledEstimator:
    statistics = estimator.statistics_
    if estimator.strategy == "constant" and isinstance(statistics[0], int | float):
        statistics = statistics.astype(np.float64)  # constants are objects
    if statistics.dtype.kind == "O":
        return convert_string_imputer(estimator)
    is_nan = estimator.missing_values != estimator.missing_values and not estimator.add_indicator
    if not is_nan or statistics.dtype.kind != "f" or np.isnan(statistics).any():
        raise NotCompilable("A simple imputer is compiled for missing numbers only.")
    return NumberImputer(statistics)


def convert_selector(estimator: Any) -> ColumnSelector:
    """Convert a selection of columns."""
    tags = estimator.__sklearn_tags__().input_tags
    return ColumnSelector(np.flatnonzero(estimator.get_support()), bool(tags.allow_nan))


def _pca(estimator: Any) -> LinearProjection:
    components = estimator.components_.T
    scale = None
    if estimator.whiten:
        deviation = np.sqrt(estimator.explained_variance_)
        scale = np.maximum(deviation, np.finfo(deviation.dtype).eps)
    return LinearProjection(components, estimator.mean_.reshape(1, -1) @ components, scale)


def _function(estimator: Any) -> NumpyFunction:
    if estimator.validate or estimator.kw_args:
        raise NotCompilable("A function with arguments or validation is not compiled.")
    if estimator.func is None:
        return NumpyFunction()
    name = numpy_name(estimator.func)
    if not name:
        raise NotCompilable("A function that is not part of NumPy is not compiled.")
    return NumpyFunction(name)


def _polynomial(estimator: Any) -> PolynomialExpansion:
    powers = estimator.powers_
    degree = max(1, int(powers.sum(axis=1).max(initial=0)))
    if estimator.order != "C":
        raise NotCompilable("Polynomial features in Fortran order are not compiled.")
    factors = np.zeros((degree, len(powers)), dtype=np.intp)
    for number, row in enumerate(powers):
        columns = np.repeat(np.arange(1, len(row) + 1), row)
        factors[: len(columns), number] = columns
    return PolynomialExpansion(factors)


def numpy_name(function: Any) -> str:
    """Return the name of a function of NumPy; empty for any other function."""
    name = getattr(function, "__name__", "")
    return name if function is not None and getattr(np, name, None) is function else ""


# Names of classes, separated by spaces.
SELECTORS = (
    "GenericUnivariateSelect SelectFdr SelectFpr SelectFromModel SelectFwe SelectKBest "
    "SelectPercentile SequentialFeatureSelector VarianceThreshold"
)

CONVERTERS.update(
    {
        "FunctionTransformer": _function,
        "IncrementalPCA": _pca,
        "MaxAbsScaler": _max_abs_scaler,
        "MinMaxScaler": _min_max_scaler,
        "PCA": _pca,
        "PolynomialFeatures": _polynomial,
        "RobustScaler": _robust_scaler,
        "SimpleImputer": _imputer,
        "StandardScaler": _standard_scaler,
        "TruncatedSVD": lambda estimator: LinearProjection(estimator.components_.T),
        **dict.fromkeys(SELECTORS.split(), convert_selector),
    }
)
