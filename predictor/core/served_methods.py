"""The methods of an estimator that are served, how each of them is called, and how it fails."""

from collections.abc import Callable
from functools import partial
from inspect import Parameter, signature
from typing import Any

import numpy as np

from predictor.core import boosters
from predictor.core.response_values import ESTIMATOR_ONLY, METHODS

# Exceptions with which estimators of scikit-learn reject rows.
REJECTIONS: tuple[type[Exception], ...] = (
    ValueError,
    OverflowError,
    LookupError,
    NotImplementedError,
)


def find_rejections() -> tuple[type[Exception], ...]:
    """Return the exceptions with which estimators reject rows."""
    return REJECTIONS + boosters.find_errors()


def find_failures() -> tuple[type[Exception], ...]:
    """Return the exceptions of an estimator for rows that only a registration tries."""
    return (*find_rejections(), TypeError, ArithmeticError, AttributeError)


def get_methods(estimator: Any) -> tuple[str, ...]:
    """Return the estimator's methods that are served, in order of preference.

    The first is the default output. An estimator that has only methods of `ESTIMATOR_ONLY` is not
    served.
    """
    methods = tuple(method for method in METHODS if _has_method(estimator, method))
    return methods if set(methods) - ESTIMATOR_ONLY else ()


def get_method(estimator: Any, name: str) -> Callable[[Any], Any]:
    """Return the function of an estimator that takes X and returns the result of a method.

    `predict_std` is the standard deviation that `predict` returns with `return_std=True`.
    """
    functions = {"predict_log_proba": _predict_log_proba, "predict_std": _predict_std}
    function = functions.get(name)
    return partial(function, estimator) if function else getattr(estimator, name)


def _predict_log_proba(estimator: Any, X: Any) -> Any:
    with np.errstate(divide="ignore"):  # the logarithm of 0 is -inf
        return estimator.predict_log_proba(X)


def _predict_std(estimator: Any, X: Any) -> Any:
    _, std = estimator.predict(X, return_std=True)
    return std


def _has_method(estimator: Any, name: str) -> bool:
    return _returns_std(estimator) if name == "predict_std" else hasattr(estimator, name)


def _returns_std(estimator: Any) -> bool:
    """Return whether `predict` of an estimator accepts `return_std`.

    Pipelines and stacks pass it to their last estimator. Other estimators of scikit-learn that take
    arguments of any name, such as `TransformedTargetRegressor`, fail with it.
    """
    predict = getattr(estimator, "predict", None)
    if predict is None:
        return False
    try:
        parameters = signature(predict).parameters
    except ValueError:  # a compiled function can have no signature
        return False
    if "return_std" in parameters:
        return True
    last = _get_last(estimator)
    passes_on = any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values())
    return passes_on and last is not None and _returns_std(last)


def _get_last(estimator: Any) -> Any:
    """Return the last estimator of a pipeline or of a stack; None for other estimators."""
    if steps := getattr(estimator, "steps", None):
        return steps[-1][1]
    return getattr(estimator, "final_estimator_", None)
