"""What "Equal" means: the same kind of answer, labels the same, numbers within rtol and atol."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

RTOL, ATOL = 1e-9, 1e-12

# The methods whose numbers say how near two labels are.
SCORES = ("predict_proba", "decision_function")


class Unequal(Exception):
    """How two answers differ, in a sentence."""


def compare(expected: Mapping[str, Any], got: Mapping[str, Any]) -> float:
    """Return the greatest relative difference of the numbers in two answers.

    Parameters
    ----------
    expected, got : mapping of str to array
        What each method gave: the estimator, and another form of it.

    Raises
    ------
    Unequal
        They are not equal: of another kind or shape, another label where no two classes tie, or a
        number beyond the tolerance.
    """
    ties = _ties(expected)
    return max((_method(name, expected[name], got[name], ties) for name in got), default=0.0)


def _method(name: str, expected: Any, got: Any, ties: Array | None) -> float:
    if isinstance(expected, list) != isinstance(got, list):
        raise Unequal(f"{name} gives a list on one side alone.")
    if isinstance(expected, list):
        if len(expected) != len(got):
            raise Unequal(f"{name} gives {len(got)} outputs, not {len(expected)}.")
        pairs = zip(expected, got, strict=True)
        return max((_arrays(name, one, other, None) for one, other in pairs), default=0.0)
    return _arrays(name, expected, got, ties if name == "predict" else None)


def _arrays(name: str, expected: Any, got: Any, ties: Array | None) -> float:
    expected, got = _dense(expected), _dense(got)
    if expected.shape != got.shape:
        raise Unequal(f"{name} gives the shape {got.shape}, not {expected.shape}.")
    if expected.dtype != got.dtype:
        raise Unequal(f"{name} gives {got.dtype}, not {expected.dtype}.")
    if expected.dtype.kind == "f":
        return _numbers(name, expected, got)
    other = expected != got
    if ties is not None and other.shape == ties.shape:
        other &= ~ties
    if other.any():
        rows = other.any(axis=tuple(range(1, other.ndim))).sum()
        raise Unequal(f"{name} gives other labels for {rows} of {len(other)} rows.")
    return 0.0


def _numbers(name: str, expected: Array, got: Array) -> float:
    with np.errstate(all="ignore"):
        same = (expected == got) | (np.isnan(expected) & np.isnan(got))
        apart = np.where(same, 0.0, np.abs(expected - got))
        size = np.abs(expected)
        if not (same | (apart <= ATOL + RTOL * size)).all():
            raise Unequal(f"{name} differs by up to {np.nanmax(apart):.1e}.")
        # Below this size it is the absolute tolerance that counts.
        relative = np.where(same, 0.0, apart / np.maximum(size, ATOL / RTOL))
    return float(relative.max(initial=0.0))


def _ties(expected: Mapping[str, Any]) -> Array | None:
    """Return where two classes tie, as far as the scores tell: by row, or by row and output."""
    for name in SCORES:
        scores = expected.get(name)
        if isinstance(scores, np.ndarray) and scores.dtype.kind == "f":
            return tied(scores)
        if isinstance(scores, list):
            return np.column_stack([tied(output) for output in scores])
    return None


def tied(scores: Array) -> Array:
    """Return the rows of which two classes tie.

    Parameters
    ----------
    scores : array of shape (n_samples,) or (n_samples, n_classes)
        What decides between two classes, or what each of several has.
    """
    if scores.ndim == 1:
        near: Array = np.abs(scores) <= ATOL
        return near
    if scores.shape[1] == 1:
        return np.zeros(len(scores), dtype=bool)
    first, second = -np.partition(-scores, 1, axis=1)[:, :2].T
    ties: Array = first - second <= ATOL + RTOL * np.abs(first)
    return ties


def _dense(values: Any) -> Array:
    if hasattr(values, "toarray"):
        values = values.toarray()
    elif hasattr(values, "to_numpy"):
        values = values.to_numpy()
    return np.asarray(values)
