"""Comparison of rows with the ranges and categories of the sample."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from predictor.core import times
from predictor.core.coercion import DATETIME, INTEGER, NARROW_FLOATS, NUMBER
from predictor.core.columns import MAX_LISTED_CATEGORIES, Column, list_values
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import LazyFrame
from predictor.core.row_validation import list_problems

# The actions in the query parameter `range`.
ACTIONS = REFUSE, REPORT = "refuse", "report"

# Bound of the header's value, as proxies limit the size of headers.
MAX_HEADER_LENGTH = 2000


def check_action(columns: Sequence[Column], action: str | None) -> None:
    """Check the value of the query parameter `range`; None is valid.

    Raises
    ------
    InvalidInput
        The value is unknown, or no column has a range or categories.
    """
    if action is None:
        return
    if action not in ACTIONS:
        sentence = f"Expected {' or '.join(ACTIONS)}; got {action}."
    elif not any(map(_get_condition, columns)):
        sentence = (
            "No column of this model has a known range or categories. Register it with a sample."
        )
    else:
        return
    raise InvalidInput(sentence, {"range": [sentence]})


def find_out_of_range(
    columns: Sequence[Column], X: Any, *, is_single: bool
) -> dict[str, list[str]]:
    """Return sentences about the values outside the sample's ranges and categories, by column.

    Missing values are never outside.

    Parameters
    ----------
    columns : sequence of Column
    X : array, LazyFrame or sparse matrix of shape (n_samples, n_features)
    is_single : bool
        Whether the client sent one row. The sentences do not name the row then.
    """
    found = {}
    for position, column in enumerate(columns):
        if (is_outside := _get_condition(column)) is None:
            continue
        values = _get_values(column, X, position)
        expected = f"Expected {describe_sample(column)}, as in the sample"
        problems = [
            (index, f"{expected}; got {_format(column, value)}.")
            for index, value in enumerate(values)
            if value is not None and value == value and is_outside(value)  # noqa: PLR0124 - not NaN
        ]
        if problems:
            found[column.name] = list_problems(problems, is_single=is_single)
    return found


def refuse_out_of_range(found: Mapping[str, Sequence[str]]) -> None:
    """Raise InvalidInput if there are columns with values outside the sample's."""
    if found:
        raise InvalidInput(f"Out of range: {', '.join(found)}.", found)


def format_header(names: Sequence[str]) -> str:
    """Return percent-encoded names, separated by commas; "..." stands for further names."""
    encoded: list[str] = []
    length = 0
    for name in names:
        text = quote(name, safe="")
        length += len(text) + 2
        if length > MAX_HEADER_LENGTH:
            return ", ".join([*encoded, "..."])
        encoded.append(text)
    return ", ".join(encoded)


def describe_sample(column: Column) -> str:
    """Return a noun phrase for the range or categories of a column."""
    if column.categories:
        return f"one of {list_values(column.categories, MAX_LISTED_CATEGORIES)}"
    noun = "a time" if column.kind == DATETIME else "a number"
    return f"{noun} from {column.range_text}"


def _get_condition(column: Column) -> Callable[[Any], bool] | None:
    """Return a function that tells whether a value is outside; None if nothing is known."""
    if not column.required:
        return None
    if column.categories:
        known = set(column.categories)
        return lambda value: _format(column, value) not in known
    if column.range and column.kind in (NUMBER, INTEGER):
        low, high = map(float, column.range)
        return lambda value: not low <= float(value) <= high
    if column.range and column.kind == DATETIME:
        first, last = (times.parse_time(text, column.dtype) for text in column.range)
        return lambda value: not first <= value <= last
    return None


def _format(column: Column, value: Any) -> Any:
    """Return a value as in JSON: a time as text."""
    return times.format_time(value, column.dtype) if column.kind == DATETIME else value


def _get_values(column: Column, X: Any, position: int) -> list[Any]:
    """Return the values of a column as Python objects, rounded to the dtype of the estimator."""
    rows: Any = X.values if isinstance(X, LazyFrame) else X
    if isinstance(rows, list):
        values = rows[position]
    elif hasattr(rows, "toarray"):
        values = rows[:, [position]].toarray()[:, 0]
    else:
        values = rows if rows.ndim == 1 else rows[:, position]
    dtype = column.dtype.lower()
    if column.kind == NUMBER and dtype in NARROW_FLOATS:
        values = np.array(values, dtype=np.float64).astype(dtype)
    if column.kind == DATETIME and isinstance(values, np.ndarray):
        counts = values.astype(np.int64).tolist()
        return [None if gap else n for n, gap in zip(counts, np.isnat(values), strict=True)]
    listed: list[Any] = values.tolist() if isinstance(values, np.ndarray) else values
    return listed
