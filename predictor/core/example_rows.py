"""Example rows of a model, drawn from the distribution of each column in the sample."""

import math
from typing import Any

import numpy as np

from predictor.core import distribution, times
from predictor.core.coercion import DATETIME, INTEGER, NUMBER
from predictor.core.columns import Column
from predictor.core.signature import Signature

# A number has as many digits as are needed to tell this many steps of the range apart.
N_STEPS = 100


def draw_row(signature: Signature, seed: int) -> dict[str, Any]:
    """Return JSON values of a row, without the optional columns. A seed always gives the same row.

    The columns are drawn independently of each other. A column without a known range and without
    categories has its example.

    Parameters
    ----------
    signature : Signature
    seed : int
        At least 0.
    """
    rng = np.random.default_rng(seed)
    return {column.name: _draw(column, rng) for column in signature.used_columns}


def list_values(column: Column, n_values: int) -> list[Any]:
    """Return JSON values from the smallest to the largest of the range, or the first categories.

    A column without a known range and without categories has none.
    """
    if labels := column.categories or distribution.get_counted_values(column):
        return list(labels[:n_values])
    if not _has_range(column):
        return []
    shares = np.linspace(0, 1, n_values)
    return list(dict.fromkeys(_place(column, float(share)) for share in shares))


def _has_range(column: Column) -> bool:
    return column.range is not None and column.kind in (NUMBER, INTEGER, DATETIME)


def _draw(column: Column, rng: np.random.Generator) -> Any:
    labels = column.categories or distribution.get_counted_values(column)
    if labels:
        return labels[rng.choice(len(labels), p=_get_shares(column, len(labels)))]
    if not _has_range(column):
        return column.get_example()
    n_parts = len(column.counts or ()) or 1
    part = rng.choice(n_parts, p=_get_shares(column, n_parts))
    return _place(column, (part + rng.random()) / n_parts)


def _get_shares(column: Column, n_parts: int) -> Any:
    """Return the shares of the parts in the sample; None if they are unknown."""
    counts = np.array(column.counts or (), dtype=np.float64)
    is_known = len(counts) == n_parts and counts.sum() > 0
    return counts / counts.sum() if is_known else None


def _place(column: Column, share: float) -> Any:
    """Return the value at a share of the range, with few digits."""
    assert column.range  # noqa: S101 - `_has_range`
    if column.kind == DATETIME:
        low, high = (times.parse_time(text, column.dtype) for text in column.range)
        return times.format_time(low + int(share * (high - low)), column.dtype)
    start, end = (float(limit) for limit in column.range)
    value = start + share * (end - start)
    if column.kind == INTEGER:
        return round(value)
    if end > start:
        value = round(value, -math.floor(math.log10((end - start) / N_STEPS)))
    return min(max(value, start), end)
