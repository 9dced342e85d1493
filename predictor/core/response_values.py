"""Conversion of an estimator's results to the JSON values of a response."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# JSON has no infinities. NaN becomes null.
INFINITIES = {math.inf: "Infinity", -math.inf: "-Infinity"}


class ResponseFormat(NamedTuple):
    """Format of a method's result in the response.

    Parameters
    ----------
    single, many : str
        Key of the result for a single row, and for a list of rows.
    by_class : bool
        Whether the values of a row are an object with one key per class.
    """

    single: str
    many: str
    by_class: bool = False


# The methods of an estimator that are served, in order of preference.
METHODS = {
    "predict": ResponseFormat("prediction", "predictions"),
    "predict_proba": ResponseFormat("probabilities", "probabilities", by_class=True),
    "decision_function": ResponseFormat("decision", "decisions"),
    "transform": ResponseFormat("transformed", "transformed"),
    "score_samples": ResponseFormat("score", "scores"),
    "predict_log_proba": ResponseFormat("log_probabilities", "log_probabilities", by_class=True),
    "predict_std": ResponseFormat("std", "std"),
}

# Methods that the estimator itself runs, for one request at a time. They magnify the rounding
# errors of a compiled estimator, and of another batch: the logarithm of a probability near 0, or a
# small variance that is the difference of two numbers.
ESTIMATOR_ONLY = frozenset({"predict_log_proba", "predict_std"})


def encode_response(
    results: Mapping[str, Any], classes: Sequence[Any] | None, *, is_single: bool
) -> dict[str, Any]:
    """Return the results as JSON values, each under the response key of its method.

    Parameters
    ----------
    results : mapping of str to array of shape (n_samples,) or (n_samples, n_outputs)
        Results by method. Probabilities of several outputs are a list of arrays.
    classes : sequence, optional
        The labels, in the order of the columns of `predict_proba`; for several outputs, a
        sequence of such sequences.
    is_single : bool
        Whether the response is for one row instead of a list of rows.
    """
    response: dict[str, Any] = {}
    for method, values in results.items():
        output = METHODS[method]
        encoded = _key_by_class(values, classes) if output.by_class else _encode(values)
        if is_single:
            response[output.single] = encoded[0]
        else:
            response[output.many] = encoded
    return response


def to_array(values: Any) -> Any:
    """Return a sparse matrix or a DataFrame as an array, and any other result unchanged."""
    if hasattr(values, "toarray"):
        return values.toarray()
    return values.to_numpy() if hasattr(values, "to_numpy") else values


def to_dense(values: Any) -> Array:
    """Return any result as an array."""
    return np.asarray(to_array(values))


def to_json_values(values: Array) -> list[Any]:
    """Return an array as a list of plain values. Times become texts in ISO 8601."""
    if values.dtype.kind == "M":
        values = _format_times(values)
    if values.dtype.kind == "O":
        return [_to_json_value(value) for value in values.tolist()]
    encoded: list[Any] = values.tolist()
    return encoded


def _format_times(values: Array) -> Array:
    """Return an array of datetime64 as an array of objects: texts, and None for NaT."""
    texts = np.datetime_as_string(values).astype(object)
    texts[np.isnat(values)] = None
    return texts


def _encode(values: Any) -> list[Any]:
    """Return a result as a list of JSON values, with strings for infinities."""
    values = to_array(values)
    encoded = to_json_values(values)
    is_infinite = values.dtype.kind == "f" and np.isinf(values).any()
    if is_infinite or values.dtype.kind == "O":
        return [_name_infinities(value) for value in encoded]
    return encoded


def _name_infinities(value: Any) -> Any:
    if isinstance(value, list):
        return [_name_infinities(item) for item in value]
    return INFINITIES.get(value, value) if isinstance(value, float) else value


def _to_json_value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_to_json_value(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _to_json_value(value.tolist())
    if isinstance(value, bool | int | float | str | None):
        return value
    if value != value:  # noqa: PLR0124 - NaT and NA, like NaN
        return None
    return value.isoformat() if isinstance(value, date) else str(value)


def _key_by_class(values: Any, classes: Sequence[Any] | None) -> list[Any]:
    """Return probabilities keyed by class; for several outputs, a list of those for each row."""
    if isinstance(values, list):
        outputs = classes or [None] * len(values)
        each = [_key_by_class(array, labels) for array, labels in zip(values, outputs, strict=True)]
        return [list(row) for row in zip(*each, strict=True)]
    encoded = _encode(values)
    if not encoded:
        return []
    labels = range(len(encoded[0])) if classes is None else classes
    if len(labels) != len(encoded[0]) or any(isinstance(label, tuple) for label in labels):
        return encoded  # one number for each output, as from ClassifierChain
    keys = [encode_label(label) for label in labels]
    return [dict(zip(keys, row, strict=True)) for row in encoded]


def encode_label(label: Any) -> str:
    """Return a class label as the key of a JSON object."""
    return label if isinstance(label, str) else json.dumps(label)
