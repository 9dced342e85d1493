"""Rows as they come out of JSON, made into columns of values, or refused column by column.

Each reader has two ways. The fast one takes what is plainly right and gives up at the first
doubt; the slow one then looks at every value and says what is wrong with which.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from predictor.core.coercion import (
    BOOLEAN,
    INTEGER,
    JSON_TYPE_NAMES,
    NUMBER,
    STRING,
    Refused,
    number,
)
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput

Array = npt.NDArray[Any]
Values = list[list[Any]]

# At and beyond this a parsed number may be an integer beyond 64 bits that a fast parser has
# rounded to a float: the text has to be read again.
LIMIT = 2.0**63

# How many rows are named for one column; the others are only counted.
NAMED_ROWS = 5

# The parsed types that are a value of a column beyond doubt.
PLAIN: dict[str, set[type]] = {
    NUMBER: {float, int},
    INTEGER: {int},
    BOOLEAN: {bool},
    STRING: {str},
}


class Sent(NamedTuple):
    """What was sent, and whether it was one row alone.

    The rows are one array of float64, shape (n_samples, n_features), where every column is of
    plain numbers; else a list of values for each column.
    """

    rows: Array | Values
    is_single: bool


class Reader:
    """Reads rows of the same columns.

    Parameters
    ----------
    columns : sequence of Column
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.names = [column.name for column in columns]
        self.may_be_missing = {column.name for column in columns if column.nullable}
        self.numeric = all(column.plain for column in columns)

    def read(self, data: Any, reread: Callable[[], Any] | None = None) -> Sent:
        """Return one row (an object) or many (a list of objects).

        Parameters
        ----------
        data : dict or list of dict
            The rows, keyed by column; a value of a column of numbers is a number, or a string
            that is one.
        reread : callable, optional
            Reads the data again, slowly and with integers of any size exact. Asked only when a
            value may have been such an integer.

        Raises
        ------
        InvalidInput
            The data is neither an object nor a list of objects; a column is missing or unknown;
            a value is not what its column takes.
        """
        is_single = type(data) is dict
        if not is_single and type(data) is not list:
            raise InvalidInput(
                f"Expected an object, which is one row, or a list of objects; got {_said(data)}."
            )
        rows: Array | Values | None
        if is_single and self.numeric:
            row = self._one(data)
            rows = None if row is None else np.array([row], dtype=np.float64)
        else:
            rows = self._many([data] if is_single else data)
        if rows is not None:
            return Sent(rows, is_single)
        exact = reread() if reread else data
        is_single = type(exact) is dict
        return Sent(
            self._explained([exact] if is_single else exact, is_single=is_single), is_single
        )

    def _one(self, row: Mapping[str, Any]) -> list[float] | None:
        """Return the values of one row, or None where anything at all is doubtful."""
        if len(row) != len(self.names):
            return None
        values: list[float] = []
        for name in self.names:
            value: Any = row.get(name, row)  # the row itself is of no kind that is taken
            kind = type(value)
            if kind is str:
                value = number(value)
            elif kind is not float and kind is not int:
                if value is not None or name not in self.may_be_missing:
                    return None
                values.append(math.nan)
                continue
            if not -LIMIT < value < LIMIT:
                return None
            values.append(value)
        return values

    def _many(self, rows: list[Any]) -> Array | Values | None:
        """Return rows of plain values, or None where anything at all is doubtful."""
        if not rows:
            return np.empty((0, len(self.names))) if self.numeric else [[] for _ in self.names]
        if set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(self.names)}:
            return None
        try:
            if not self.numeric:
                values = [[row[name] for row in rows] for name in self.names]
                return values if all(map(_plainly, self.columns, values)) else None
            if len(self.names) == 1:
                flat = [row[self.names[0]] for row in rows]
            else:
                flat = list(chain.from_iterable(map(itemgetter(*self.names), rows)))
        except KeyError:
            return None
        return self._block(flat)

    def _block(self, flat: list[Any]) -> Array | None:
        kinds = set(map(type, flat))
        if kinds <= {float, int}:
            X = np.array(flat, dtype=np.float64)
            certain = X.min() > -LIMIT and X.max() < LIMIT
        elif kinds <= {float, int, type(None)}:
            X = np.array(flat, dtype=np.float64)  # None becomes NaN
            missing = np.isnan(X)
            certain = missing.sum() == flat.count(None) and not (np.abs(X) >= LIMIT).any()
            forbidden = [name not in self.may_be_missing for name in self.names]
            certain = certain and not missing.reshape(-1, len(self.names))[:, forbidden].any()
        else:
            return None
        return X.reshape(-1, len(self.names)) if certain else None

    def _explained(self, rows: Sequence[Any], *, is_single: bool) -> Array | Values:
        """Return the rows after looking at every value; raise what is wrong with them."""
        problems: dict[str, list[tuple[int, str]]] = defaultdict(list)
        values: Values = [[] for _ in self.names]
        known = set(self.names)
        for index, row in enumerate(rows):
            if type(row) is not dict:
                raise InvalidInput(
                    f"Expected a list of objects; the row at index {index} is {_said(row)}."
                )
            for column, taken in zip(self.columns, values, strict=True):
                try:
                    taken.append(_taken(column, row))
                except Refused as exc:
                    problems[column.name].append((index, str(exc)))
            if len(row) > len(known) or not row.keys() <= known:
                for name in row.keys() - known:
                    sentence = f"No such column; the columns are {', '.join(self.names)}."
                    problems[name].append((index, sentence))
        if problems:
            raise InvalidInput(
                f"Columns that cannot be taken: {', '.join(problems)}.",
                {name: _sentences(found, is_single=is_single) for name, found in problems.items()},
            )
        return np.array(values, dtype=np.float64).T.copy() if self.numeric else values


def _plainly(column: Column, values: list[Any]) -> bool:
    """Return whether these are values of the column beyond doubt."""
    kinds = set(map(type, values))
    if column.nullable:
        kinds.discard(type(None))
    if not kinds <= PLAIN[column.kind]:
        return False
    if column.closed and column.categories:
        return set(values) - {None} <= set(column.categories)
    if column.kind in (NUMBER, INTEGER):
        present = [value for value in values if value is not None]
        if not present:
            return True
        if column.kind == INTEGER:
            info = np.iinfo(column.dtype.lower())
            return bool(info.min <= min(present) and max(present) <= info.max)
        return bool(-LIMIT < min(present) and max(present) < LIMIT)
    return True


def _taken(column: Column, row: Mapping[str, Any]) -> Any:
    """Return the value of a column in a row, or raise the whole sentence of what is wrong."""
    if column.name not in row:
        raise Refused("This column is missing.")
    try:
        return column.take(row[column.name])
    except Refused as exc:
        raise Refused(f"Expected {column.expected}; got {exc}.") from exc


def _said(value: Any) -> str:
    kind = type(value)
    return "a string or a number" if kind in (str, int, float) else JSON_TYPE_NAMES[kind]


def _sentences(found: Sequence[tuple[int, str]], *, is_single: bool) -> list[str]:
    if is_single:
        return [sentence for _, sentence in found]
    named = [f"Row at index {index}: {sentence}" for index, sentence in found[:NAMED_ROWS]]
    rest = len(found) - NAMED_ROWS
    return [*named, f"And {rest:,} more rows."] if rest > 0 else named
