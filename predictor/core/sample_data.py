"""Dtypes, ranges, categories and examples of columns, read from a sample of rows."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from predictor.core.coercion import BOOLEAN, INTEGER, NARROW_FLOATS, NUMBER, STRING
from predictor.core.columns import Column
from predictor.core.distribution import add_counts
from predictor.core.errors import ArtifactError
from predictor.core.input_builders import ARRAY, FRAME, SPARSE, VECTOR
from predictor.core.row_parser import EXACT_TYPES

# A column with more distinct strings is text, without categories.
MAX_CATEGORIES = 50
# A longer text is no category, and is shortened as an example.
MAX_TEXT_LENGTH = 1000

# Dtypes of numbers that an array keeps. Other numbers become float64.
FLOATS = (*NARROW_FLOATS, "float64")

# Kinds of columns by the kind of a NumPy dtype.
KINDS = {"f": NUMBER, "i": INTEGER, "u": INTEGER, "b": BOOLEAN, "U": STRING, "O": STRING}


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
        name = sample.name if isinstance(sample.name, str) else columns[0].name
        return VECTOR, (_refine_by_vector(replace(columns[0], name=name), sample.to_numpy()),)
    X = np.asarray(sample)
    if X.ndim == 1:
        return VECTOR, (_refine_by_vector(columns[0], X),)
    _check_count(columns, X.shape[1])
    return ARRAY, tuple(map(_refine_by_array_column, columns, X.T))


def _refine_by_dataframe(columns: Sequence[Column], sample: Any) -> tuple[Column, ...]:
    names = [column.name for column in columns]
    if missing := set(names) - set(map(str, sample.columns)):
        raise ArtifactError(
            f"The sample has the columns {', '.join(map(str, sample.columns))}; "
            f"the model takes {', '.join(names)}. Missing: {', '.join(sorted(missing))}."
        )
    complete = sample.loc[:, names].dropna()
    return tuple(
        _add_statistics(
            _add_type(column, _get_type(column, sample[column.name])),
            sample[column.name].dropna().to_list(),
            complete[column.name].iloc[0] if len(complete) else None,
        )
        for column in columns
    )


def _add_type(column: Column, found: Column) -> Column:
    """Return a column with the type of a sample, where the estimator does not state another.

    Parameters
    ----------
    column : Column
        The type that the estimator states; numbers of float64 if it states none.
    found : Column
        The same column with the type of the sample.
    """
    is_narrower = (column.kind, found.kind) == (NUMBER, INTEGER)
    if column.has_stated_type and found.kind != column.kind and not is_narrower:
        return column
    if column.missing_as_none:
        return replace(found, dtype="object", missing_as_none=True)
    return found


def _get_type(column: Column, values: Any) -> Column:
    """Return the column with the dtype of a column of a DataFrame."""
    dtype = str(values.dtype)
    if dtype == "category":
        categories = tuple(values.cat.categories.to_list())
        kind = INTEGER if set(map(type, categories)) == {int} else _infer_kind(categories)
        return replace(column, dtype=dtype, kind=kind, categories=categories, rejects_unknown=True)
    if dtype in ("object", "str", "string"):
        kind = _infer_kind(values.dropna().to_list())
        has_none = dtype == "object" and any(value is None for value in values.to_list())
        return replace(column, dtype=dtype, kind=kind, missing_as_none=has_none)
    try:
        kind = KINDS[np.dtype(dtype.lower()).kind]
    except (TypeError, KeyError) as exc:
        raise ArtifactError(
            f"The column {column.name} has dtype {dtype}, which JSON cannot represent. Use "
            "numbers, booleans, strings or categories."
        ) from exc
    return replace(column, dtype=dtype, kind=kind)


def _infer_kind(values: Sequence[Any]) -> str:
    """Return the kind of a column that holds these objects."""
    for kind, python in ((STRING, str), (BOOLEAN, bool), (NUMBER, int | float)):
        if all(isinstance(value, python) for value in values):
            return kind
    raise ArtifactError("A column of objects must contain only strings, booleans or numbers.")


def _refine_by_array_column(column: Column, values: Any) -> Column:
    """Return the column of an array. A column of integers accepts any number, as estimators do."""
    dtype = values.dtype
    present = [value for value in values.tolist() if value is not None and value == value]  # noqa: PLR0124 - not NaN
    if dtype.kind == "O":
        has_none = any(value is None for value in values.tolist())
        kind = _infer_kind(present)
        found = replace(column, dtype="object", kind=kind, missing_as_none=has_none)
    elif dtype.kind in "fiu":
        found = replace(column, dtype=_get_float(dtype), kind=NUMBER)
    elif dtype.kind in "bU":
        name = "bool" if dtype.kind == "b" else "str"
        found = replace(column, dtype=name, kind=KINDS[dtype.kind])
    else:
        raise ArtifactError(
            f"The sample has dtype {dtype}, which JSON cannot represent. Use numbers, booleans or "
            "strings."
        )
    return _add_statistics(_add_type(column, found), present)


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
        kind = _infer_kind(present)
    else:
        kind = KINDS.get(values.dtype.kind, STRING)
    dtype = "object" if kind == STRING else str(values.dtype)
    column = _add_type(column, replace(column, dtype=dtype, kind=kind))
    return _add_statistics(column, present, may_have_categories=False)


def _add_statistics(
    column: Column, values: Sequence[Any], example: Any = None, *, may_have_categories: bool = True
) -> Column:
    """Return the column with the range or categories of the values, and with an example."""
    values = [value.item() if isinstance(value, np.generic) else value for value in values]
    values = [
        value
        for value in values
        if type(value) in EXACT_TYPES[column.kind] and value not in (math.inf, -math.inf)
    ]
    if not values:
        return column
    example = example.item() if isinstance(example, np.generic) else example
    example = example if example in values else values[0]
    if column.kind in (NUMBER, INTEGER):
        limits = (float(min(values)), float(max(values)))
        return add_counts(replace(column, range=limits, example=example), values)
    if column.kind == STRING and column.categories is None:
        distinct = sorted(set(values))
        has_few = may_have_categories and len(distinct) <= MAX_CATEGORIES
        if has_few and len(distinct) < len(values) and max(map(len, distinct)) <= MAX_TEXT_LENGTH:
            column = replace(column, categories=tuple(distinct), example=example)
            return add_counts(column, values)
        return replace(column, example=example[:MAX_TEXT_LENGTH])
    return add_counts(replace(column, example=example), values)


def _check_count(columns: Sequence[Column], count: int) -> None:
    if count != len(columns):
        raise ArtifactError(f"The sample has {count} columns; the model takes {len(columns)}.")
