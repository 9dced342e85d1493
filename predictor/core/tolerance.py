"""Equality of results: same shape and type, same labels, numbers within a tolerance."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.core.response_values import to_dense

Array = npt.NDArray[Any]

RTOL, ATOL = 1e-9, 1e-12

# Methods whose numbers decide the label.
SCORES = ("predict_proba", "decision_function")


class Unequal(Exception):
    """Two results differ; the message says how."""


def compare(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> float:
    """Return the largest relative difference of the numbers in two results.

    Parameters
    ----------
    expected : mapping of str to array
        Results of the estimator by method, with the scores that decide its labels.
    actual : mapping of str to array
        Results to compare, by method.

    Raises
    ------
    Unequal
        A result has another type or shape, a label differs where no two classes tie, or a number
        is beyond the tolerance.
    """
    ties = _ties(expected)
    return max(
        (_compare_method(name, expected[name], actual[name], ties) for name in actual), default=0.0
    )


def _compare_method(name: str, expected: Any, actual: Any, ties: Array | None) -> float:
    if isinstance(expected, list) != isinstance(actual, list):
        raise Unequal(f"Only one result of {name} is a list.")
    if isinstance(expected, list):
        if len(expected) != len(actual):
            raise Unequal(f"{name} returns {len(actual)} outputs, not {len(expected)}.")
        pairs = zip(expected, actual, strict=True)
        return max((_compare_arrays(name, *pair, None) for pair in pairs), default=0.0)
    return _compare_arrays(name, expected, actual, ties if name == "predict" else None)


def _compare_arrays(name: str, expected: Any, actual: Any, ties: Array | None) -> float:
    expected, actual = to_dense(expected), to_dense(actual)
    if expected.shape != actual.shape:
        raise Unequal(f"{name} returns the shape {actual.shape}, not {expected.shape}.")
    if expected.dtype != actual.dtype:
        raise Unequal(f"{name} returns {actual.dtype}, not {expected.dtype}.")
    if expected.dtype.kind == "f":
        return _compare_numbers(name, expected, actual)
    differs = expected != actual
    if ties is not None and differs.shape == ties.shape:
        differs &= ~ties
    if differs.any():
        n_rows = differs.any(axis=tuple(range(1, differs.ndim))).sum()
        raise Unequal(f"{name} returns other labels for {n_rows} of {len(differs)} rows.")
    return 0.0


def _compare_numbers(name: str, expected: Array, actual: Array) -> float:
    with np.errstate(all="ignore"):
        is_same = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
        difference = np.where(is_same, 0.0, np.abs(expected - actual))
        size = np.abs(expected)
        if not (is_same | (difference <= ATOL + RTOL * size)).all():
            largest = np.fmax.reduce(difference, axis=None)  # NaN only if all are NaN
            raise Unequal(f"{name} differs by up to {largest:.1e}.")
        # For smaller numbers the absolute tolerance applies.
        relative = np.where(is_same, 0.0, difference / np.maximum(size, ATOL / RTOL))
    return float(relative.max(initial=0.0))


def _ties(expected: Mapping[str, Any]) -> Array | None:
    """Return the rows with tied classes, for each output; None without scores."""
    for name in SCORES:
        scores = expected.get(name)
        if isinstance(scores, np.ndarray) and scores.dtype.kind == "f":
            return tied_rows(scores)
        if isinstance(scores, list):
            return np.column_stack([tied_rows(output) for output in scores])
    return None


def tied_rows(scores: Array) -> Array:
    """Return the rows in which two classes tie, shape (n_samples,), bool.

    Parameters
    ----------
    scores : array of shape (n_samples,) or (n_samples, n_classes)
        Scores whose sign decides between two classes, or whose maximum decides among several.
    """
    if scores.ndim == 1:
        is_near_zero: Array = np.abs(scores) <= ATOL
        return is_near_zero
    if scores.shape[1] == 1:
        return np.zeros(len(scores), dtype=bool)
    first, second = -np.partition(-scores, 1, axis=1)[:, :2].T
    size = np.minimum(np.abs(first), np.abs(second))
    with np.errstate(invalid="ignore"):  # infinite scores
        is_tied: Array = (first == second) | (first - second <= ATOL + RTOL * size)
    return is_tied
