"""What rows of X say of their columns: dtypes, ranges, categories, an example."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER, STRING
from predictor.core.columns import Column
from predictor.core.errors import ArtifactError
from predictor.core.input_builders import ARRAY, FRAME, SPARSE, VECTOR

# A column of more distinct strings than these is text, not categories.
MOST_CATEGORIES = 50

KINDS = {"f": NUMBER, "i": INTEGER, "u": INTEGER, "b": BOOLEAN, "U": STRING, "O": STRING}


def refined(columns: Sequence[Column], sample: Any) -> tuple[str, tuple[Column, ...]]:
    """Return the container of a sample, and the columns with what it shows of them.

    Parameters
    ----------
    columns : sequence of Column
    sample : DataFrame, Series, array, sparse matrix or list of str
        Rows of X as the estimator takes them.

    Raises
    ------
    ArtifactError
        The sample has other columns, or holds what JSON rows cannot.
    """
    if hasattr(sample, "columns"):
        return FRAME, _framed(columns, sample)
    if hasattr(sample, "tocsc"):
        _check_count(columns, sample.shape[1])
        return SPARSE, _sparse(columns, sample)
    if hasattr(sample, "to_numpy"):  # a Series
        named = sample.name if isinstance(sample.name, str) else columns[0].name
        return VECTOR, (_vector(replace(columns[0], name=named), sample.to_numpy()),)
    X = np.asarray(sample)
    if X.ndim == 1:
        return VECTOR, (_vector(columns[0], X),)
    _check_count(columns, X.shape[1])
    return ARRAY, _arrayed(columns, X)


def _framed(columns: Sequence[Column], sample: Any) -> tuple[Column, ...]:
    names = [column.name for column in columns]
    if list(map(str, sample.columns)) != names and set(names) - set(map(str, sample.columns)):
        raise ArtifactError(
            f"The sample has the columns {', '.join(map(str, sample.columns))}; "
            f"the model takes {', '.join(names)}."
        )
    sample = sample.loc[:, names]
    whole = sample.dropna()
    return tuple(
        _seen(
            _typed(column, str(sample[column.name].dtype), sample[column.name]),
            sample[column.name].dropna().to_list(),
            whole[column.name].iloc[0] if len(whole) else None,
        )
        for column in columns
    )


def _typed(column: Column, dtype: str, values: Any) -> Column:
    """Return the column with the dtype of a column of a DataFrame."""
    if dtype == "category":
        categories = tuple(values.cat.categories.to_list())
        kind = _kind_of(categories)
        return replace(column, dtype=dtype, kind=kind, categories=categories, closed=True)
    if dtype in ("object", "str", "string"):
        kind = _kind_of(values.dropna().to_list())
        none = dtype == "object" and any(value is None for value in values.to_list())
        return replace(column, dtype=dtype, kind=kind, missing_as_none=none)
    try:
        kind = KINDS[np.dtype(dtype.lower()).kind]
    except (TypeError, KeyError) as exc:
        raise ArtifactError(
            f"The column {column.name} is of dtype {dtype}, which rows of JSON do not hold: "
            "numbers, booleans, strings and categories are served."
        ) from exc
    return replace(column, dtype=dtype, kind=kind)


def _kind_of(values: Sequence[Any]) -> str:
    """Return what objects are."""
    for kind, python in ((STRING, str), (BOOLEAN, bool), (NUMBER, int | float)):
        if all(isinstance(value, python) for value in values):
            return kind
    raise ArtifactError("A column of objects must hold strings, booleans or numbers alone.")


def _arrayed(columns: Sequence[Column], X: Any) -> tuple[Column, ...]:
    """Return the columns of an array; one of integers takes any number, as estimators do."""
    seen = []
    for column, values in zip(columns, X.T, strict=True):
        present = [value for value in values.tolist() if value is not None and value == value]  # noqa: PLR0124 - not NaN
        if X.dtype.kind == "O":
            none = any(value is None for value in values.tolist())
            typed = replace(column, dtype="object", kind=_kind_of(present), missing_as_none=none)
        elif X.dtype.kind in "fiu":
            single = X.dtype == np.float32
            typed = replace(column, dtype="float32" if single else "float64", kind=NUMBER)
        elif X.dtype.kind in "bU":
            dtype = "bool" if X.dtype.kind == "b" else "str"
            typed = replace(column, dtype=dtype, kind=KINDS[X.dtype.kind])
        else:
            raise ArtifactError(f"Rows of dtype {X.dtype} are not served.")
        seen.append(_seen(typed, present, present[0] if present else None))
    return tuple(seen)


def _sparse(columns: Sequence[Column], X: Any) -> tuple[Column, ...]:
    low, high = X.min(axis=0).toarray()[0], X.max(axis=0).toarray()[0]
    dtype = "float32" if X.dtype == np.float32 else "float64"
    return tuple(
        replace(column, dtype=dtype, range=(float(least), float(most)), example=float(most))
        for column, least, most in zip(columns, low, high, strict=True)
    )


def _vector(column: Column, values: Any) -> Column:
    present = values.tolist()
    kind = _kind_of(present) if values.dtype.kind == "O" else KINDS.get(values.dtype.kind, STRING)
    dtype = "object" if kind == STRING else str(values.dtype)
    return _seen(replace(column, dtype=dtype, kind=kind), present, present[0], list_all=False)


def _seen(column: Column, values: Sequence[Any], example: Any, *, list_all: bool = True) -> Column:
    """Return the column with the range, the categories and the example of values."""
    values = [value.item() if isinstance(value, np.generic) else value for value in values]
    example = values[0] if example is None and values else example
    example = example.item() if isinstance(example, np.generic) else example
    if not values:
        return column
    if column.kind in (NUMBER, INTEGER):
        span = (float(min(values)), float(max(values)))
        return replace(column, range=span, example=example)
    if column.kind == STRING and column.categories is None and list_all:
        distinct = sorted(set(values))
        if len(distinct) <= MOST_CATEGORIES and len(distinct) < len(values):
            return replace(column, categories=tuple(distinct), example=example)
    return replace(column, example=example)


def _check_count(columns: Sequence[Column], count: int) -> None:
    if count != len(columns):
        raise ArtifactError(f"The sample has {count} columns; the model takes {len(columns)}.")
