"""Properties of a fitted estimator that show only when it runs: nullable columns, outputs."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from predictor.core.coercion import BOOLEAN, NULLABLE_BOOLEAN
from predictor.core.columns import Column
from predictor.core.input_builders import SPARSE, VECTOR, InputBuilder
from predictor.core.response_values import to_dense
from predictor.core.row_parser import RowParser
from predictor.core.served_methods import find_failures
from predictor.core.tolerance import ATOL, RTOL

# With more columns, the columns are tried only all together.
MAX_COLUMNS = 200

# Number of rows of a sample that are tried.
MAX_ROWS = 256

# Kinds of dtypes of numbers.
NUMBERS = "biuf"


def mark_nullable(
    method: Callable[[Any], Any], container: str, columns: Sequence[Column]
) -> tuple[Column, ...]:
    """Return the columns with `nullable` set where the estimator accepts a missing value.

    Parameters
    ----------
    method : callable
        The estimator's first method.
    container : {"array", "frame", "sparse", "vector"}
    columns : sequence of Column
    """
    if container in (SPARSE, VECTOR) or not _accepts(method, container, columns, ()):
        return tuple(columns)
    nullable = [
        position
        for position, column in enumerate(columns)
        if column.required
        and (column.kind != BOOLEAN or column.dtype in ("object", NULLABLE_BOOLEAN))
    ]
    if not _accepts(method, container, columns, nullable):
        candidates = nullable if len(columns) <= MAX_COLUMNS else []
        nullable = [n for n in candidates if _accepts(method, container, columns, [n])]
        if nullable and not _accepts(method, container, columns, nullable):
            nullable = []
    return tuple(
        replace(column, nullable=position in nullable or not column.required)
        for position, column in enumerate(columns)
    )


def depends_on_dtype(methods: Sequence[Callable[[Any], Any]], sample: Any) -> bool:
    """Return whether the results change if the integers of a sample become float64.

    Most estimators convert integers themselves, but a function of NumPy can overflow.
    """
    if getattr(sample, "dtype", np.dtype(object)).kind not in "iu":
        return False
    rows = sample[:MAX_ROWS]
    floats = rows.astype(np.float64)
    if (floats.astype(rows.dtype) != rows).sum():
        return False  # a column of float64 rejects such integers
    return _depends_on_container(methods, rows, floats)


def needs_dataframe(methods: Sequence[Callable[[Any], Any]], sample: Any) -> bool:
    """Return whether the results change if a DataFrame becomes an array."""
    rows = sample.iloc[:MAX_ROWS]
    return _depends_on_container(methods, rows, rows.to_numpy())


def _depends_on_container(
    methods: Sequence[Callable[[Any], Any]], rows: Any, converted: Any
) -> bool:
    """Return whether the results for rows differ from those for the converted rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method in methods:
            try:
                expected = _join_outputs(method(rows))
            except find_failures():
                continue
            try:
                actual = _join_outputs(method(converted))
            except find_failures():
                return True
            if not _is_equal(expected, actual):
                return True
    return False


def _join_outputs(values: Any) -> Any:
    if isinstance(values, list):
        return np.concatenate(values, axis=1)
    return to_dense(values)


def _is_equal(expected: Any, actual: Any) -> bool:
    """Return whether two results have the same labels, or the same numbers except for rounding."""
    if expected.dtype.kind in NUMBERS and actual.dtype.kind in NUMBERS:
        return bool(np.allclose(expected, actual, RTOL, ATOL, equal_nan=True))
    return np.array_equal(expected, actual)


def count_outputs(method: Callable[[Any], Any], container: str, columns: Sequence[Column]) -> int:
    """Return the number of values that `predict` returns for one row."""
    shape = np.shape(_run_example(method, container, columns, ()))
    return shape[1] if len(shape) == 2 else 1  # noqa: PLR2004 - rows and outputs


def _accepts(
    method: Callable[[Any], Any], container: str, columns: Sequence[Column], missing: Sequence[int]
) -> bool:
    return _run_example(method, container, columns, missing) is not None


def _run_example(
    method: Callable[[Any], Any], container: str, columns: Sequence[Column], missing: Sequence[int]
) -> Any:
    """Return the result for a row of examples with missing values; None if it is rejected."""
    nullable_columns = [replace(column, nullable=True) for column in columns]
    row = {
        column.name: None if position in missing else column.get_example()
        for position, column in enumerate(columns)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            values = RowParser(nullable_columns).parse([row])
            return method(InputBuilder(container, nullable_columns).build(values))
        except find_failures():
            return None
