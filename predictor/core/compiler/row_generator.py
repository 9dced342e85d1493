"""Generate rows: random rows in and out of the ranges of a signature, and unusual rows."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from predictor.core.coercion import BOOLEAN, INTEGER, NARROW_FLOATS, NUMBER, STRING
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
        [
            _random_values(column, n, rng, out_of_range=out_of_range, missing=missing)
            for column in signature.columns
        ]
    )


def unusual_rows(signature: Signature, rng: Generator) -> Iterator[Any]:
    """Yield single rows that an estimator may reject."""
    usual = [_random_values(column, 1, rng)[0] for column in signature.columns]
    ends = {0, len(signature.columns) - 1}
    for position, column in enumerate(signature.columns):
        if position >= MAX_COLUMNS and position not in ends:
            continue
        for value in [None, *(_unusual_values(column) if position in ends else ())]:
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
    values = _present_values(column, n, rng, out_of_range=out_of_range)
    if missing and column.nullable:
        is_missing = rng.random(n) < MISSING_SHARE
        return [None if gap else value for value, gap in zip(values, is_missing, strict=True)]
    return values


def _present_values(column: Column, n: int, rng: Generator, *, out_of_range: bool) -> list[Any]:
    if column.kind == BOOLEAN:
        return [bool(value) for value in rng.random(n) < 0.5]  # noqa: PLR2004 - half of them
    if column.categories:
        chosen = [column.categories[n] for n in rng.integers(len(column.categories), size=n)]
        if out_of_range and column.kind == STRING and not column.rejects_unknown:
            chosen[0] = UNKNOWN
        return chosen
    if column.kind == STRING:
        return [column.get_example()] * n
    low, high = column.range or (-1.0, 1.0)
    width = (high - low) or abs(high) or 1.0
    if column.range is None:
        numbers = rng.normal(size=n) * 10.0 ** rng.integers(0, 3, size=n)
    elif out_of_range:
        numbers = rng.uniform(low - OUT_OF_RANGE * width, high + OUT_OF_RANGE * width, size=n)
    else:
        numbers = rng.uniform(low, high, size=n)
    if column.kind == INTEGER:
        return _integers(column, numbers)
    return _floats(column, numbers)


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
