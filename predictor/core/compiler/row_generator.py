"""Rows to try a form on: random ones in and beyond what was seen, and those to be refused."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER, STRING
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput
from predictor.core.input_builders import ARRAY
from predictor.core.signature import Signature

Generator = np.random.Generator

# How far beyond the range of a column numbers go, in widths of the range.
BEYOND = 3.0

# The part of the values that is missing, where missing values are tried.
GAPS = 0.15

# Numbers that estimators refuse, or take in a way of their own.
STRANGE = (np.nan, np.inf, -np.inf, 1e39, -1e308)

# A gap is tried in so many columns, one at a time; what else is strange, in the first and the last.
MOST_COLUMNS = 6


def random_rows(
    signature: Signature, n: int, rng: Generator, *, beyond: bool = False, gaps: bool = False
) -> Any:
    """Return random rows as X.

    Parameters
    ----------
    signature : Signature
    n : int
    rng : Generator
    beyond : bool
        Whether numbers leave the ranges of the sample, and strings the categories.
    gaps : bool
        Whether values are missing where that is taken.
    """
    return signature.build_input(
        [_drawn(column, n, rng, beyond=beyond, gaps=gaps) for column in signature.columns]
    )


def strange_rows(signature: Signature, rng: Generator) -> Iterator[Any]:
    """Yield single rows that an estimator may refuse."""
    usual = [_drawn(column, 1, rng)[0] for column in signature.columns]
    ends = {0, len(signature.columns) - 1}
    for position, column in enumerate(signature.columns):
        if position >= MOST_COLUMNS and position not in ends:
            continue
        for value in [None, *(_strange(column) if position in ends else ())]:
            values = [[value if n == position else other] for n, other in enumerate(usual)]
            try:
                yield signature.build_input(values)
            except (InvalidInput, ValueError, TypeError, OverflowError):
                continue  # no request can bring such a row either
    if signature.container == ARRAY and signature.is_numeric:
        row = np.array([usual], dtype=np.float64)
        yield np.hstack([row, row[:, :1]])
        yield row[:, :-1]


def _strange(column: Column) -> list[Any]:
    if column.kind == NUMBER:
        return list(STRANGE)
    return ["\0 nothing like it"] if column.kind == STRING else []


def _drawn(
    column: Column, n: int, rng: Generator, *, beyond: bool = False, gaps: bool = False
) -> list[Any]:
    drawn = _values(column, n, rng, beyond=beyond)
    if gaps and column.nullable:
        return [
            None if gap else value for value, gap in zip(drawn, rng.random(n) < GAPS, strict=True)
        ]
    return drawn


def _values(column: Column, n: int, rng: Generator, *, beyond: bool) -> list[Any]:
    if column.kind == BOOLEAN:
        return [bool(value) for value in rng.random(n) < 0.5]  # noqa: PLR2004 - half of them
    if column.categories:
        chosen = [column.categories[n] for n in rng.integers(len(column.categories), size=n)]
        if beyond and column.kind == STRING and not column.rejects_unknown:
            chosen[0] = "\0 nothing like it"
        return chosen
    if column.kind == STRING:
        return [column.get_example()] * n
    low, high = column.range or (-1.0, 1.0)
    width = (high - low) or abs(high) or 1.0
    if column.range is None:
        numbers = rng.normal(size=n) * 10.0 ** rng.integers(0, 3, size=n)
    elif beyond:
        numbers = rng.uniform(low - BEYOND * width, high + BEYOND * width, size=n)
    else:
        numbers = rng.uniform(low, high, size=n)
    if column.kind == INTEGER:
        return _whole(column, numbers)
    listed: list[Any] = numbers.tolist()
    return listed


def _whole(column: Column, numbers: Any) -> list[Any]:
    info = np.iinfo(column.dtype.lower())
    low, high = max(info.min, -(2**53)), min(info.max, 2**53)
    return [int(number) for number in np.clip(np.rint(numbers), low, high)]
