"""Distribution of the values of a column in a sample."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER
from predictor.core.columns import Column

# Number of equal parts of the range of a column of numbers.
N_BINS = 10

# A column with more categories has no counts, and one with more distinct strings is text.
MAX_CATEGORIES = 50


def add_counts(column: Column, values: Sequence[Any]) -> Column:
    """Return a column with the numbers of values in each category or part of its range.

    Parameters
    ----------
    column : Column
        With its range or categories.
    values : sequence
        The values of the sample that are not missing.
    """
    counts: tuple[int, ...] | None = None
    if labels := get_counted_values(column):
        occurrences = Counter(values)
        counts = tuple(occurrences[label] for label in labels)
    elif column.kind in (NUMBER, INTEGER) and column.range:
        low, high = map(float, column.range)
        if low < high:
            numbers = np.array(values, dtype=np.float64)
            # A range can be too narrow or too wide for parts.
            with suppress(ValueError), np.errstate(over="ignore", invalid="ignore"):
                counts = tuple(np.histogram(numbers, N_BINS, (low, high))[0].tolist())
    return replace(column, counts=counts)


def get_counted_values(column: Column) -> tuple[Any, ...]:
    """Return the values that are counted one by one; empty if there are none or too many."""
    labels = (False, True) if column.kind == BOOLEAN else column.categories or ()
    return labels if len(labels) <= MAX_CATEGORIES else ()


def is_valid(column: Column) -> bool:
    """Return whether a column has as many counts as it has categories or parts of its range."""
    if column.counts is None:
        return True
    has_range = column.kind in (NUMBER, INTEGER) and column.range is not None
    expected = len(get_counted_values(column)) or (N_BINS if has_range else 0)
    are_counts = all(type(count) is int and count >= 0 for count in column.counts)
    return are_counts and len(column.counts) == expected
