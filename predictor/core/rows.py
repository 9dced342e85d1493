"""Rows as they come out of JSON, made into an array, or refused column by column."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from predictor.core.errors import InvalidInput

Array = npt.NDArray[Any]

# At and beyond this a parsed number may be an integer beyond 64 bits that a fast parser has
# rounded to a float: the text has to be read again.
LIMIT = 2.0**63

# How many rows are named for one column; the others are only counted.
NAMED_ROWS = 5

KINDS = {bool: "true or false", type(None): "null", list: "a list", dict: "an object"}


class Rows(NamedTuple):
    """What was sent: the rows, shape (n_samples, n_features), and whether it was one row alone."""

    X: Array
    alone: bool


def read(names: Sequence[str], data: Any, reread: Callable[[], Any] | None = None) -> Rows:
    """Return one row (an object) or many (a list of objects) as an array of float64.

    Parameters
    ----------
    names : sequence of str
        The columns, in the order of the array.
    data : dict or list of dict
        The rows, keyed by column; a value is a number, or a string that is one.
    reread : callable, optional
        Reads the data again, slowly and with integers of any size exact. Asked only when a value
        may have been such an integer.

    Raises
    ------
    InvalidInput
        The data is neither an object nor a list of objects; a column is missing or unknown;
        a value is not a number, not finite, or an integer beyond 64 bits.
    """
    if type(data) is dict:
        row = _one(names, data)
        if row is not None:
            return Rows(np.array([row], dtype=np.float64), alone=True)
    elif type(data) is list:
        X = _many(names, data)
        if X is not None:
            return Rows(X, alone=False)
    else:
        raise InvalidInput(
            "Expected an object, which is one row, or a list of objects; got "
            f"{KINDS.get(type(data), 'a string or a number')}."
        )
    exact = reread() if reread else data
    alone = type(exact) is dict
    return Rows(_explained(names, [exact] if alone else exact, alone=alone), alone)


def _one(names: Sequence[str], row: Mapping[str, Any]) -> list[float] | None:
    """Return the values of one row, or None where anything at all is doubtful."""
    if len(row) != len(names):
        return None
    values: list[float] = []
    for name in names:
        value: Any = row.get(name)
        kind = type(value)
        if kind is str:
            value = number(value)
        elif kind is not float and kind is not int:
            return None
        if not -LIMIT < value < LIMIT:
            return None
        values.append(value)
    return values


def _many(names: Sequence[str], rows: list[Any]) -> Array | None:
    """Return rows of plain numbers as an array, or None where anything at all is doubtful."""
    if not rows:
        return np.empty((0, len(names)))
    if set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(names)}:
        return None
    try:
        if len(names) == 1:
            values = [row[names[0]] for row in rows]
        else:
            values = list(chain.from_iterable(map(itemgetter(*names), rows)))
    except KeyError:
        return None
    if not {float, int}.issuperset(map(type, values)):
        return None
    X = np.array(values, dtype=np.float64)
    if not (X.min() > -LIMIT and X.max() < LIMIT):
        return None
    return X.reshape(len(rows), len(names))


def number(text: str) -> float:
    """Return the number that a string is; NaN where it is none, or not a finite one."""
    if "_" in text or not text.isascii():  # Python's own liberties
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _explained(names: Sequence[str], rows: Sequence[Any], *, alone: bool) -> Array:
    """Return the rows as an array after looking at every value; raise what is wrong with them."""
    problems: dict[str, list[tuple[int, str]]] = defaultdict(list)
    X = np.empty((len(rows), len(names)))
    for index, row in enumerate(rows):
        if type(row) is not dict:
            kind = KINDS.get(type(row), "a string or a number")
            raise InvalidInput(f"Expected a list of objects; the row at index {index} is {kind}.")
        for position, name in enumerate(names):
            if name not in row:
                problems[name].append((index, "This column is missing."))
            elif problem := _problem(row[name]):
                problems[name].append((index, f"Expected a number; got {problem}."))
            else:
                value = row[name]
                X[index, position] = number(value) if type(value) is str else value
        for name in row.keys() - set(names):
            problems[name].append((index, f"No such column; the columns are {', '.join(names)}."))
    if problems:
        raise InvalidInput(
            f"Columns that cannot be taken: {', '.join(problems)}.",
            {name: _sentences(found, alone=alone) for name, found in problems.items()},
        )
    return X


def _problem(value: Any) -> str:
    """Return what a value is that is not taken as a number; nothing if it is taken."""
    kind = type(value)
    if kind is str:
        if math.isnan(number(value)):
            return "a string that is not a finite number"
        digits = value.strip().lstrip("+-")
        return _integer_problem(int(value)) if digits.isdigit() and len(digits) <= 400 else ""  # noqa: PLR2004 - a finite double has fewer
    if kind is int:
        return _integer_problem(value)
    if kind is float:
        return "" if math.isfinite(value) else "a number too large for 64 bits"
    return KINDS[kind]


def _integer_problem(value: int) -> str:
    return "" if -(2**63) <= value < 2**64 else "an integer beyond 64 bits"


def _sentences(found: Sequence[tuple[int, str]], *, alone: bool) -> list[str]:
    if alone:
        return [sentence for _, sentence in found]
    named = [f"Row at index {index}: {sentence}" for index, sentence in found[:NAMED_ROWS]]
    rest = len(found) - NAMED_ROWS
    return [*named, f"And {rest:,} more rows."] if rest > 0 else named
