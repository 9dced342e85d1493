"""Dtypes, ranges, categories and examples of columns, read from a sample of rows."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from predictor.core import times
from predictor.core.coercion import (
    BOOLEAN,
    DATETIME,
    INTEGER,
    NARROW_FLOATS,
    NULLABLE_BOOLEAN,
    NUMBER,
    STRING,
)
from predictor.core.columns import MAX_LISTED_COLUMNS, Column, list_values
from predictor.core.distribution import MAX_CATEGORIES, add_counts
from predictor.core.errors import ArtifactError
from predictor.core.input_builders import ARRAY, FRAME, SPARSE, VECTOR
from predictor.core.row_parser import EXACT_TYPES

# A longer text is no category, and is shortened as an example.
MAX_TEXT_LENGTH = 1000

# Dtypes of numbers that an array keeps. Other numbers become float64.
FLOATS = (*NARROW_FLOATS, "float64")

# Kinds of columns by the kind of a NumPy dtype.
KINDS = {"f": NUMBER, "i": INTEGER, "u": INTEGER, "b": BOOLEAN, "U": STRING, "O": STRING}

ADVICE = "Use numbers, booleans, strings, categories or times (datetime64)."


def refine_columns(columns: Sequence[Column], sample: Any) -> tuple[str, tuple[Column, ...]]:
    """Return the container of a sample, and the columns with the properties of its values.

    Parameters
    ----------
    columns : sequence of Column
    sample : DataFrame, Series, array, sparse matrix or list of str
        Rows of X as the estimator accepts them.

    Raises
    ------
    ArtifactError
        The sample has other columns; a dtype of the sample has no JSON equivalent.
    """
    if hasattr(sample, "columns"):
        return FRAME, _refine_by_dataframe(columns, sample)
    if hasattr(sample, "tocsc"):
        _check_count(columns, sample.shape[1])
        return SPARSE, _refine_by_sparse_matrix(columns, sample)
    if hasattr(sample, "to_numpy"):  # a Series
        _check_count(columns, 1)
        name = sample.name if isinstance(sample.name, str) else columns[0].name
        return VECTOR, (_refine_by_vector(replace(columns[0], name=name), sample.to_numpy()),)
    X = np.asarray(sample)
    if X.ndim == 1:
        _check_count(columns, 1)
        return VECTOR, (_refine_by_vector(columns[0], X),)
    _check_count(columns, X.shape[1])
    return ARRAY, tuple(map(_refine_by_array_column, columns, X.T))


def _refine_by_dataframe(columns: Sequence[Column], sample: Any) -> tuple[Column, ...]:
    names = [column.name for column in columns]
    required = [column.name for column in columns if column.required]
    if missing := set(required) - set(map(str, sample.columns)):
        raise ArtifactError(
            f"The sample has the columns {list_values(sample.columns, MAX_LISTED_COLUMNS)}; "
            f"the model takes {list_values(names, MAX_LISTED_COLUMNS)}. "
            f"Missing: {list_values(sorted(missing), MAX_LISTED_COLUMNS)}."
        )
    complete = np.flatnonzero(sample.loc[:, required].notna().all(axis=1))
    return tuple(
        _refine_by_series(column, sample[column.name], complete[:1])
        if column.name in sample
        else column
        for column in columns
    )


def _refine_by_series(column: Column, values: Any, first: Any) -> Column:
    """Return the column of a DataFrame.

    Parameters
    ----------
    column : Column
    values : Series
    first : array of int
        Position of the row with the examples; empty if each row has a missing value.
    """
    try:
        column = _add_type(column, _get_type(column, values))
    except ArtifactError:
        if column.required:
            raise
        return replace(column, dtype="object", kind=STRING)
    present, example = values.dropna(), values.iloc[first].dropna()
    if values.dtype.kind == "M":
        counts = (each.astype("int64").to_numpy() for each in (present, example))
        return _add_times(column, *counts)
    return _add_statistics(column, present.to_list(), *example.to_list())


def _add_type(column: Column, sampled: Column) -> Column:
    """Return a column with the type of a sample, where the estimator does not state another.

    Parameters
    ----------
    column : Column
        The type that the estimator states; numbers of float64 if it states none.
    sampled : Column
        The same column with the type of the sample.
    """
    is_narrower = (column.kind, sampled.kind) == (NUMBER, INTEGER)
    if column.has_stated_type and sampled.kind != column.kind and not is_narrower:
        return column
    if column.missing_as_none:
        return replace(sampled, dtype="object", missing_as_none=True)
    return sampled


def _get_type(column: Column, values: Any) -> Column:
    """Return the column with the dtype of a column of a DataFrame."""
    dtype = str(values.dtype)
    if dtype == "category":
        sampled = _get_categories(column, tuple(values.cat.categories.to_list()))
        return replace(sampled, ordered=bool(values.cat.ordered))
    if values.dtype.kind == "M":
        return replace(column, dtype=_check_times(column, dtype), kind=DATETIME)
    if dtype in ("object", "str", "string"):
        kind = _infer_kind(column, values.dropna().to_list())
        has_none = dtype == "object" and any(value is None for value in values.to_list())
        return replace(column, dtype=dtype, kind=kind, missing_as_none=has_none)
    try:
        kind = BOOLEAN if dtype == NULLABLE_BOOLEAN else KINDS[np.dtype(dtype.lower()).kind]
    except (TypeError, KeyError) as exc:
        raise ArtifactError(
            f"The column {column.name} has dtype {dtype}, which JSON cannot represent. {ADVICE}"
        ) from exc
    return replace(column, dtype=dtype, kind=kind)


def _get_categories(column: Column, categories: tuple[Any, ...]) -> Column:
    """Return the column with the categories of a pandas dtype.

    If an encoder rejects values that it does not know, `categories` are only those that it knows.
    """
    is_integer = set(map(type, categories)) == {int}
    sampled = replace(
        column,
        dtype="category",
        kind=INTEGER if is_integer else _infer_kind(column, categories),
        categories=categories,
    )
    accepted = tuple(value for value in categories if value in column.allowed_values)
    if not accepted or accepted == categories:
        return sampled
    return replace(sampled, categories=accepted, dtype_categories=categories)


def _infer_kind(column: Column, values: Sequence[Any]) -> str:
    """Return the kind of a column that holds these objects."""
    for kind, python in ((STRING, str), (BOOLEAN, bool), (NUMBER, int | float)):
        if all(isinstance(value, python) for value in values):
            return kind
    types = ", ".join(sorted({type(value).__name__ for value in values}))
    raise ArtifactError(f"The column {column.name} has objects of the types {types}. {ADVICE}")


def _check_times(column: Column, dtype: str) -> str:
    """Return the dtype of a column of times."""
    try:
        times.read_dtype(dtype)
    except ValueError as exc:
        raise ArtifactError(f"The column {column.name} has dtype {dtype}. {exc}") from exc
    return dtype


def _refine_by_array_column(column: Column, values: Any) -> Column:
    """Return the column of an array. A column of integers accepts any number, as estimators do."""
    dtype = values.dtype
    present = [value for value in values.tolist() if value is not None and value == value]  # noqa: PLR0124 - not NaN
    if dtype.kind == "O":
        has_none = any(value is None for value in values.tolist())
        kind = _infer_kind(column, present)
        sampled = replace(column, dtype="object", kind=kind, missing_as_none=has_none)
    elif dtype.kind in "fiu":
        sampled = replace(column, dtype=_get_float(dtype), kind=NUMBER)
    elif dtype.kind == "M":
        sampled = replace(column, dtype=_check_times(column, dtype.name), kind=DATETIME)
        counts = values[~np.isnat(values)].astype(np.int64)
        return _add_times(_add_type(column, sampled), counts, counts)
    elif dtype.kind in "bU":
        name = "bool" if dtype.kind == "b" else "str"
        sampled = replace(column, dtype=name, kind=KINDS[dtype.kind])
    else:
        raise ArtifactError(f"The sample has dtype {dtype}, which JSON cannot represent. {ADVICE}")
    return _add_statistics(_add_type(column, sampled), present)


def _get_float(dtype: Any) -> str:
    return dtype.name if dtype.name in FLOATS else "float64"


def _refine_by_sparse_matrix(columns: Sequence[Column], X: Any) -> tuple[Column, ...]:
    low, high = (end(axis=0).toarray().ravel() for end in (X.min, X.max))
    return tuple(
        replace(
            column,
            dtype=_get_float(X.dtype),
            range=(float(least), float(most)),
            example=float(most),
        )
        for column, least, most in zip(columns, low, high, strict=True)
    )


def _refine_by_vector(column: Column, values: Any) -> Column:
    present = values.tolist()
    if values.dtype.kind == "O":
        kind = _infer_kind(column, present)
    elif values.dtype.kind in KINDS:
        kind = KINDS[values.dtype.kind]
    else:
        raise ArtifactError(f"The sample is a single column of dtype {values.dtype}. {ADVICE}")
    dtype = "object" if kind == STRING else str(values.dtype)
    column = _add_type(column, replace(column, dtype=dtype, kind=kind))
    return _add_statistics(column, present, may_have_categories=False)


def _add_statistics(
    column: Column, values: Sequence[Any], example: Any = None, *, may_have_categories: bool = True
) -> Column:
    """Return the column with the range or categories of the values, and with an example."""
    values = [value.item() if isinstance(value, np.generic) else value for value in values]
    kinds = EXACT_TYPES.get(column.kind, ())
    values = [value for value in values if type(value) in kinds and _is_in_json(value)]
    if not values:
        return column
    example = example.item() if isinstance(example, np.generic) else example
    example = example if example in values else values[0]
    if column.kind in (NUMBER, INTEGER):
        low, high = min(values), max(values)
        limits = (float(low), float(high))
        if column.kind == INTEGER and limits != (low, high):  # float64 rounds them
            limits = (low, high)
        return add_counts(replace(column, range=limits, example=example), values)
    if column.kind == STRING and column.categories is None:
        distinct = sorted(set(values))
        has_few = may_have_categories and len(distinct) <= MAX_CATEGORIES
        if has_few and len(distinct) < len(values) and max(map(len, distinct)) <= MAX_TEXT_LENGTH:
            column = replace(column, categories=tuple(distinct), example=example)
            return add_counts(column, values)
        return replace(column, example=example[:MAX_TEXT_LENGTH])
    return add_counts(replace(column, example=example), values)


def _is_in_json(value: Any) -> bool:
    """Return whether JSON can represent a value: a number must be finite, an integer in 64 bits."""
    if type(value) is int:
        return -(2**63) <= value < 2**64
    return value not in (math.inf, -math.inf)


def _add_times(column: Column, counts: Any, examples: Any) -> Column:
    """Return the column with the range of times and with an example.

    Parameters
    ----------
    column : Column
    counts : array of int64
        Times in the unit of the dtype.
    examples : array of int64
        Times of which the first is the example; the first of all if it is empty.
    """
    if column.kind != DATETIME or not len(counts):
        return column
    values = (counts.min(), counts.max(), [*examples, *counts[:1]][0])
    try:
        low, high, example = (times.format_time(int(n), column.dtype) for n in values)
    except OverflowError:  # ISO 8601 has no text for years beyond 9999
        return column
    return replace(column, range=(low, high), example=example)


def _check_count(columns: Sequence[Column], count: int) -> None:
    if count != len(columns):
        actual = "1 column" if count == 1 else f"{count} columns"
        raise ArtifactError(f"The sample has {actual}; the model takes {len(columns)}.")
