"""What estimators give, made into answers of plain values."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Keys(NamedTuple):
    """Where a method's answer stands: for one row, and for many."""

    one: str
    many: str


# The methods of an estimator that are served, first choice first.
METHODS = {
    "predict": Keys("prediction", "predictions"),
    "predict_proba": Keys("probabilities", "probabilities"),
    "decision_function": Keys("decision", "decisions"),
    "transform": Keys("transformed", "transformed"),
    "score_samples": Keys("score", "scores"),
}


def answer(
    results: Mapping[str, Any], classes: Sequence[Any] | None, *, is_single: bool
) -> dict[str, Any]:
    """Return what the methods gave, as plain values under each method's key.

    Parameters
    ----------
    results : mapping of str to array of shape (n_samples,) or (n_samples, n_outputs)
        What each method returned; probabilities of several outputs are a list of arrays.
    classes : sequence, optional
        The labels, in the order of the columns of `predict_proba`; for several outputs, a
        sequence of those.
    is_single : bool
        Whether the request was one row, and so is the answer.
    """
    answers: dict[str, Any] = {}
    for method, values in results.items():
        listed = _by_class(values, classes) if method == "predict_proba" else plain(values)
        keys = METHODS[method]
        if is_single:
            answers[keys.one] = listed[0]
        else:
            answers[keys.many] = listed
    return answers


def plain(values: Any) -> list[Any]:
    """Return an array, dense or sparse, or a DataFrame as a list of Python's own values."""
    if hasattr(values, "toarray"):
        values = values.toarray()
    elif hasattr(values, "to_numpy"):
        values = values.to_numpy()
    if values.dtype.kind in "OM":
        return [_plain(value) for value in values.tolist()]
    listed: list[Any] = values.tolist()
    return listed


def _plain(value: Any) -> Any:
    """Return one value, or a list of them, as JSON has it."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, bool | int | float | str | None):
        return value
    return None if value != value else str(value)  # noqa: PLR0124 - NaT and NA, as NaN


def _by_class(values: Any, classes: Sequence[Any] | None) -> list[Any]:
    """Return probabilities keyed by class; for several outputs, a list of those in each row."""
    if isinstance(values, list):
        outputs = classes or [None] * len(values)
        each = [_by_class(array, labels) for array, labels in zip(values, outputs, strict=True)]
        return [list(row) for row in zip(*each, strict=True)]
    listed = plain(values)
    if not listed:
        return []
    labels = range(len(listed[0])) if classes is None else classes
    if len(labels) != len(listed[0]) or any(isinstance(label, tuple) for label in labels):
        return listed  # one number for each output, as a chain of classifiers gives them
    names = [label_name(label) for label in labels]
    return [dict(zip(names, row, strict=True)) for row in listed]


def label_name(label: Any) -> str:
    """Return a class as the key of an object."""
    return label if isinstance(label, str) else json.dumps(label)
