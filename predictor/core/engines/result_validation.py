"""Validation of the results that an estimator process returns: they must follow the signature."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from predictor.core.response_values import METHODS, to_json_values
from predictor.core.signature import Signature

ROWS, ROWS_AND_COLUMNS = 1, 2
# Kinds of arrays of numbers.
NUMBERS = "biuf"
# Kinds of arrays that responses can contain: also strings, objects and times.
JSON_KINDS = "biufUOM"
# Kinds of arrays of which JSON can represent some values only.
OBJECT_KINDS = "UO"


# Largest number of values that the results of one request may have together. As JSON, they need
# about 100 bytes each in a worker.
MAX_VALUES = 4_000_000


class InvalidResult(Exception):
    """A result has another shape or type than the signature says."""


def check_results(
    signature: Signature, methods: Sequence[str], n_rows: int, results: Mapping[str, Any]
) -> None:
    """Check the results of the methods for a number of rows.

    Raises
    ------
    InvalidResult
        A result does not follow the signature.
    """
    if list(results) != list(methods):
        raise InvalidResult("It returned other methods than those of the request.")
    for method, values in results.items():
        is_list = isinstance(values, list)
        if is_list and not METHODS[method].by_class:
            raise InvalidResult(f"{method} returned a list of arrays.")
        for array in values if is_list else [values]:
            _check_array(method, n_rows, array)
        if count_values(values) > MAX_VALUES:
            raise InvalidResult(f"{method} returned more than {MAX_VALUES:,} values.")
        if not CHECKS[method](signature, values):
            raise InvalidResult(
                f"The shape or the type of {method} does not follow from the signature."
            )


def count_values(values: Any) -> int:
    """Return the number of values in an array or in a list of arrays."""
    return sum(array.size for array in (values if isinstance(values, list) else [values]))


def _check_array(method: str, n_rows: int, array: Any) -> None:
    """Check that an array has one value or row of JSON values for each row."""
    _check_dtype(method, array)
    if type(array) is not np.ndarray or not array.ndim:
        raise InvalidResult(f"{method} returned no array.")
    # Some transformers return a single row as one-dimensional array.
    is_row = method == "transform" and n_rows == 1 and array.ndim == ROWS
    if len(array) != n_rows and not (is_row and len(array)):
        raise InvalidResult(f"{method} did not return one result for each row.")
    if array.dtype.kind in OBJECT_KINDS:
        _check_objects(method, array)


def _check_dtype(method: str, array: Any) -> None:
    dtype = getattr(array, "dtype", None)
    if dtype is not None and (dtype.kind not in JSON_KINDS or dtype == np.longdouble):
        raise InvalidResult(f"{method} returned {dtype}, which JSON cannot represent.")


def _check_objects(method: str, array: Any) -> None:
    """Check that texts have no lone surrogates, and that integers have 64 bits."""
    try:
        orjson.dumps(to_json_values(array))
    # SystemError: a text has a code point that Unicode does not have.
    except (TypeError, ValueError, RecursionError, SystemError) as exc:
        raise InvalidResult(f"{method} returned values that JSON cannot represent.") from exc


def _check_predictions(signature: Signature, values: Any) -> bool:
    n_columns = values.shape[1] if values.ndim == ROWS_AND_COLUMNS else 1
    if values.ndim > ROWS_AND_COLUMNS or n_columns != signature.n_outputs:
        return False
    labels = _flat(signature.classes or ())
    if not labels:
        return values.dtype.kind in NUMBERS
    kinds = {type(label) for label in labels}
    is_text = kinds == {str}
    if values.dtype.kind == "O":
        return not is_text or all(isinstance(value, str) for value in values.flat)
    return (values.dtype.kind == "U") is is_text or str in kinds


def _check_probabilities(signature: Signature, values: Any) -> bool:
    classes = signature.classes
    if isinstance(values, list):
        each = classes or [None] * len(values)
        if not all(labels is None or isinstance(labels, tuple) for labels in each):
            return False  # the model has one output
        return len(each) == len(values) and all(
            _is_matrix(array, None if labels is None else len(labels))
            for array, labels in zip(values, each, strict=True)
        )
    return _is_matrix(values, None if classes is None else len(classes))


def _is_matrix(values: Any, n_columns: int | None) -> bool:
    is_matrix = values.ndim == ROWS_AND_COLUMNS and values.dtype.kind == "f"
    return is_matrix and n_columns in (None, values.shape[1])


def _check_numbers(_signature: Signature, values: Any) -> bool:
    return values.ndim <= ROWS_AND_COLUMNS and values.dtype.kind in NUMBERS


def _check_scores(_signature: Signature, values: Any) -> bool:
    return values.ndim == ROWS and values.dtype.kind in NUMBERS


def _check_std(signature: Signature, values: Any) -> bool:
    n_columns = values.shape[1] if values.ndim == ROWS_AND_COLUMNS else 1
    is_array = values.ndim <= ROWS_AND_COLUMNS and values.dtype.kind == "f"
    return is_array and bool(n_columns == signature.n_outputs)


def _check_features(_signature: Signature, values: Any) -> bool:
    return bool(values.ndim <= ROWS_AND_COLUMNS)


def _flat(classes: Sequence[Any]) -> list[Any]:
    """Return the labels of all outputs."""
    labels: list[Any] = []
    for label in classes:
        labels += label if isinstance(label, tuple) else [label]
    return labels


CHECKS: dict[str, Callable[[Signature, Any], bool]] = {
    "predict": _check_predictions,
    "predict_proba": _check_probabilities,
    "decision_function": _check_numbers,
    "transform": _check_features,
    "score_samples": _check_scores,
    "predict_log_proba": _check_probabilities,
    "predict_std": _check_std,
}
