"""Comparison of rows with the ranges and categories of the sample."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from predictor.core import times
from predictor.core.coercion import DATETIME, INTEGER, NARROW_FLOATS, NUMBER
from predictor.core.columns import MAX_LISTED_CATEGORIES, Column, list_values
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import LazyFrame
from predictor.core.row_validation import MAX_LISTED_ROWS, list_problems

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
        sentence = f"Expected {' or '.join(ACTIONS)}; got {action or 'nothing'}."
    elif not any(map(_has_known_values, columns)):
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
    sentences = {}
    for position, column in enumerate(columns):
        if not _has_known_values(column):
            continue
        values = _get_values(column, X, position)
        outside = _find_outside(column, values)
        expected = f"Expected {describe_sample(column)}, as in the sample"
        problems = [
            (index, f"{expected}; got {_format(column, values[index])}.")
            for index in outside[:MAX_LISTED_ROWS]
        ]
        if problems:
            sentences[column.name] = list_problems(problems, len(outside), is_single=is_single)
    return sentences


def refuse_out_of_range(sentences: Mapping[str, Sequence[str]]) -> None:
    """Raise InvalidInput if there are columns with values outside the sample's."""
    if sentences:
        raise InvalidInput(f"Out of range: {', '.join(sentences)}.", sentences)


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


def _has_known_values(column: Column) -> bool:
    has_range = column.range and column.kind in (NUMBER, INTEGER, DATETIME)
    return column.required and bool(column.categories or has_range)


def _find_outside(column: Column, values: Sequence[Any]) -> list[int]:
    """Return the indices of the values outside the categories, or else outside the range."""
    is_outside: Any
    if column.categories:
        categories = {None, *_parse(column, column.categories)}
        is_outside = [value not in categories and value == value for value in values]  # noqa: PLR0124 - not NaN
    else:
        assert column.range  # noqa: S101 - `_has_known_values` has checked it
        low, high = _parse(column, column.range)
        if column.kind == NUMBER:
            numbers = np.array(values, dtype=np.float64)  # None becomes NaN
            is_outside = (numbers < low) | (numbers > high)
        else:  # float64 would round integers and the counts of times
            is_outside = [value is not None and (value < low or value > high) for value in values]
    indices: list[int] = np.flatnonzero(is_outside).tolist()
    return indices


def _parse(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    """Return values of the sample as those of rows: times as counts."""
    if column.kind != DATETIME:
        return values
    return [times.parse_time(text, column.dtype) for text in values]


def _format(column: Column, value: Any) -> Any:
    """Return a value of a row as in JSON: a time as text."""
    return times.format_time(value, column.dtype) if column.kind == DATETIME else value


def _get_values(column: Column, X: Any, position: int) -> Sequence[Any]:
    """Return the values of a column, rounded to the dtype of the estimator."""
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
    if column.kind == INTEGER and isinstance(values, np.ndarray):
        values = values.tolist()
    column_values: Sequence[Any] = values
    return column_values
