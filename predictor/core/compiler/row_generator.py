"""Generate rows: random rows in and out of the ranges of a signature, and unusual rows."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from predictor.core import times
from predictor.core.coercion import BOOLEAN, DATETIME, INTEGER, NARROW_FLOATS, NUMBER, STRING
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput
from predictor.core.input_builders import ARRAY
from predictor.core.signature import Signature

Generator = np.random.Generator

# Distance that random numbers leave a range, in widths of the range.
OUT_OF_RANGE = 3.0

# Share of values that are missing.
MISSING_SHARE = 0.15

# Numbers that estimators reject or treat specially.
UNUSUAL_NUMBERS = (np.nan, np.inf, -np.inf, 1e39, -1e308)

# A string that is not a category.
UNKNOWN = "\0 no category"

# Range of times without a sample: the first day that datetime64 counts from.
FIRST_DAY = ("1970-01-01", "1970-01-02")

# Number of columns that get a missing value, one at a time. Other unusual values are put in the
# first and the last column.
MAX_COLUMNS = 6


def random_rows(
    signature: Signature,
    n: int,
    rng: Generator,
    *,
    out_of_range: bool = False,
    missing: bool = False,
) -> Any:
    """Return random rows as X.

    Parameters
    ----------
    signature : Signature
    n : int
    rng : Generator
    out_of_range : bool
        Whether numbers leave the ranges, and strings the categories, of the signature.
    missing : bool
        Whether values of nullable columns can be missing.
    """
    return signature.build_input(
        random_values(signature, n, rng, out_of_range=out_of_range, missing=missing)
    )


def random_values(
    signature: Signature,
    n: int,
    rng: Generator,
    *,
    out_of_range: bool = False,
    missing: bool = False,
) -> list[list[Any]]:
    """Return the values of each column of `random_rows`."""
    return [
        _random_values(column, n, rng, out_of_range=out_of_range, missing=missing)
        for column in signature.columns
    ]


def replace_unused(
    signature: Signature, values: list[list[Any]], rng: Generator
) -> list[list[Any]]:
    """Return the values of each column, with other values in the optional columns."""
    return [
        each if column.required else _other_values(column, len(each), rng)
        for column, each in zip(signature.columns, values, strict=True)
    ]


def _other_values(column: Column, n: int, rng: Generator) -> list[Any]:
    if column.kind == STRING:
        return [None if gap else UNKNOWN for gap in rng.random(n) < MISSING_SHARE]
    unknown = replace(column, required=True, categories=None, range=None)
    return _random_values(unknown, n, rng, missing=True)


def unusual_rows(signature: Signature, rng: Generator) -> Iterator[Any]:
    """Yield single rows that an estimator may reject."""
    usual = [_random_values(column, 1, rng)[0] for column in signature.columns]
    required = [n for n, column in enumerate(signature.columns) if column.required]
    ends = {required[0], required[-1]}
    for position in [*required[:MAX_COLUMNS], *required[MAX_COLUMNS:][-1:]]:
        column = signature.columns[position]
        # Requests cannot leave out these values; the bytes of a number can be NaN.
        is_present = not column.nullable and column.kind in (BOOLEAN, STRING)
        missing = () if is_present else (None,)
        for value in [*missing, *(_unusual_values(column) if position in ends else ())]:
            values = [[value if n == position else other] for n, other in enumerate(usual)]
            try:
                yield signature.build_input(values)
            except (InvalidInput, ValueError, TypeError, OverflowError):
                continue  # No request can contain such a row.
    if signature.container == ARRAY and signature.is_numeric:
        row = np.array([usual], dtype=np.float64)
        yield np.hstack([row, row[:, :1]])
        yield row[:, :-1]


def _unusual_values(column: Column) -> list[Any]:
    if column.kind == NUMBER:
        return list(UNUSUAL_NUMBERS)
    return [UNKNOWN] if column.kind == STRING else []


def _random_values(
    column: Column, n: int, rng: Generator, *, out_of_range: bool = False, missing: bool = False
) -> list[Any]:
    if not column.required:
        return [column.placeholder] * n
    values = _present_values(column, n, rng, out_of_range=out_of_range)
    if missing and column.nullable:
        is_missing = rng.random(n) < MISSING_SHARE
        return [None if gap else value for value, gap in zip(values, is_missing, strict=True)]
    return values


def _present_values(column: Column, n: int, rng: Generator, *, out_of_range: bool) -> list[Any]:
    if column.kind == BOOLEAN:
        return [bool(value) for value in rng.random(n) < 0.5]  # noqa: PLR2004 - half of them
    if column.categories:
        return _categories(column, n, rng, out_of_range=out_of_range)
    if column.kind == STRING:
        return [column.get_example()] * n
    if column.kind == DATETIME:
        return _times(column, n, rng, out_of_range=out_of_range)
    if column.range is None:
        numbers = rng.normal(size=n) * 10.0 ** rng.integers(0, 3, size=n)
    else:
        low, high = map(float, column.range)
        numbers = _uniform(low, high, n, rng, out_of_range=out_of_range)
    return _integers(column, numbers) if column.kind == INTEGER else _floats(column, numbers)


def _categories(column: Column, n: int, rng: Generator, *, out_of_range: bool) -> list[Any]:
    assert column.categories  # noqa: S101 - the caller has checked it
    values = [column.categories[n] for n in rng.integers(len(column.categories), size=n)]
    if column.kind == DATETIME:
        return [times.parse_time(text, column.dtype) for text in values]
    if out_of_range and column.kind == STRING and not column.rejects_unknown:
        values[0] = UNKNOWN
    return values


def _times(column: Column, n: int, rng: Generator, *, out_of_range: bool) -> list[Any]:
    low, high = (times.parse_time(text, column.dtype) for text in column.range or FIRST_DAY)
    first, last = times.count_limits(column.dtype)
    numbers = _uniform(float(low), float(high), n, rng, out_of_range=out_of_range)
    return [min(max(int(number), first), last) for number in numbers]


def _uniform(low: float, high: float, n: int, rng: Generator, *, out_of_range: bool) -> Any:
    """Return random numbers in a range, or around it."""
    width = (high - low) or abs(high) or 1.0
    margin = OUT_OF_RANGE * width if out_of_range else 0.0
    return rng.uniform(low - margin, high + margin, size=n)


def _floats(column: Column, numbers: Any) -> list[Any]:
    if column.dtype.lower() in NARROW_FLOATS:
        info = np.finfo(column.dtype.lower())
        numbers = np.clip(numbers, info.min, info.max)
    listed: list[Any] = numbers.tolist()
    return listed


def _integers(column: Column, numbers: Any) -> list[Any]:
    info = np.iinfo(column.dtype.lower())
    low, high = max(info.min, -(2**53)), min(info.max, 2**53)
    return [int(number) for number in np.clip(np.rint(numbers), low, high)]
