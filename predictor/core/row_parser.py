"""Parsing of rows, given as parsed JSON, into arrays or columns of values.

Fast methods accept rows that are valid without doubt, and return None for all others.
`row_validation` then checks every value and describes the invalid columns.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.core.coercion import (
    BOOLEAN,
    DATETIME,
    INTEGER,
    MAX_EXACT_INTEGER,
    NUMBER,
    STRING,
    InvalidValue,
    integer_range,
    parse_number,
)
from predictor.core.columns import Column
from predictor.core.row_format import check_format
from predictor.core.row_validation import check_widths, validate_rows

Array = npt.NDArray[Any]
Values = list[list[Any]]

# Types of parsed JSON values that need no conversion, by the kind of the column.
EXACT_TYPES: dict[str, set[type]] = {
    NUMBER: {float, int},
    INTEGER: {int},
    BOOLEAN: {bool},
    STRING: {str},
}


class RowParser:
    """Parser of rows of the same columns.

    Parameters
    ----------
    columns : sequence of Column
        The values of columns that are not required are ignored: they become placeholders.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.used = [column for column in columns if column.required]
        self.names = [column.name for column in self.used]
        self.nullable_names = {column.name for column in self.used if column.nullable}
        self.is_numeric = all(column.accepts_any_number for column in columns)
        self.unused_names = frozenset(column.name for column in columns if not column.required)
        # None is a column whose values the client sends.
        self._placeholders = [None if c.required else c.placeholder for c in columns]
        self._used_positions = np.array([n for n, c in enumerate(columns) if c.required])
        if self.is_numeric:
            self._numeric_placeholders = np.array([p or 0.0 for p in self._placeholders])

    def parse(self, data: Any, reread: Callable[[], Any] | None = None) -> Array | Values:
        """Return the values of one row (an object) or many rows (a list of objects).

        Parameters
        ----------
        data : dict or list of dict
            The rows, keyed by column. A column of numbers also accepts numeric strings.
        reread : callable, optional
            Parses the body again, slower but with exact integers of any size. Called only if the
            fast methods do not accept the rows.

        Returns
        -------
        values : array of float64 of shape (n_samples, n_features), or list of list
            An array if every column accepts any number; else a list of values for each column.

        Raises
        ------
        InvalidInput
            The data is neither an object nor a list of objects; a column is missing or unknown;
            a column rejects a value.
        """
        is_single = type(data) is dict
        if not is_single and type(data) is not list:
            check_format(self.columns, data)
        rows = [data] if is_single else data
        if self.unused_names:
            rows = self._drop_unused(rows)
        values: Array | Values | None
        if is_single and self.is_numeric:
            row = self._parse_numeric_row(rows[0])
            values = None if row is None else np.array([row], dtype=np.float64)
        else:
            values = self._parse_valid_rows(rows)
        if values is not None:
            return self.insert_placeholders(values)
        check_widths(self.columns, data)
        exact = reread() if reread else data
        check_format(self.columns, exact)
        values = validate_rows(self.columns, [exact] if is_single else exact, is_single=is_single)
        return np.array(values, dtype=np.float64).T.copy() if self.is_numeric else values

    def insert_placeholders(self, values: Array | Values) -> Array | Values:
        """Return the values of all columns from those of the required columns."""
        if not self.unused_names:
            return values
        if isinstance(values, np.ndarray):
            X = np.empty((len(values), len(self.columns)))
            X[:] = self._numeric_placeholders
            X[:, self._used_positions] = values
            return X
        n_rows, used_values = len(values[0]), iter(values)
        return [
            next(used_values) if placeholder is None else [placeholder] * n_rows
            for placeholder in self._placeholders
        ]

    def _drop_unused(self, rows: list[Any]) -> list[Any]:
        """Return the rows without the columns that are not required."""
        return [
            {name: value for name, value in row.items() if name not in self.unused_names}
            if type(row) is dict and not self.unused_names.isdisjoint(row)
            else row
            for row in rows
        ]

    def _parse_numeric_row(self, row: Mapping[str, Any]) -> list[float] | None:
        """Return the values of one row of numbers; None in case of doubt."""
        if len(row) != len(self.names):
            return None
        values: list[float] = []
        for name in self.names:
            value: Any = row.get(name, row)  # the type of the row is invalid for every column
            kind = type(value)
            if kind is str:
                value = parse_number(value)
            elif kind is not float and kind is not int:
                if value is not None or name not in self.nullable_names:
                    return None
                values.append(math.nan)
                continue
            if not -MAX_EXACT_INTEGER < value < MAX_EXACT_INTEGER:
                return None
            values.append(value)
        return values

    def _parse_valid_rows(self, rows: list[Any]) -> Array | Values | None:
        """Return the values of rows that need no conversion; None in case of doubt."""
        if not rows:
            return np.empty((0, len(self.names))) if self.is_numeric else [[] for _ in self.names]
        if set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(self.names)}:
            return None
        try:
            if not self.is_numeric:
                return self._convert_columns(rows)
            if len(self.names) == 1:
                flat = [row[self.names[0]] for row in rows]
            else:
                flat = list(chain.from_iterable(map(itemgetter(*self.names), rows)))
        except KeyError:
            return None
        return self._build_matrix(flat)

    def _convert_columns(self, rows: list[dict[str, Any]]) -> Values | None:
        """Return the values of each column; None in case of doubt."""
        values = []
        for column in self.used:
            converted = _convert(column, [row[column.name] for row in rows])
            if converted is None:
                return None
            values.append(converted)
        return values

    def _build_matrix(self, flat: list[Any]) -> Array | None:
        """Return numbers, listed row after row, as a matrix; None in case of doubt."""
        kinds = set(map(type, flat))
        if kinds <= {float, int}:
            X = np.array(flat, dtype=np.float64)
            is_valid = X.min() > -MAX_EXACT_INTEGER and X.max() < MAX_EXACT_INTEGER
        elif kinds <= {float, int, type(None)}:
            X = np.array(flat, dtype=np.float64)  # None becomes NaN
            missing = np.isnan(X)
            is_valid = (
                missing.sum() == flat.count(None) and not (np.abs(X) >= MAX_EXACT_INTEGER).any()
            )
            required = [name not in self.nullable_names for name in self.names]
            is_valid = is_valid and not missing.reshape(-1, len(self.names))[:, required].any()
        else:
            return None
        return X.reshape(-1, len(self.names)) if is_valid else None


def _convert(column: Column, values: list[Any]) -> list[Any] | None:
    """Return the values of a column if all are valid without doubt, else None."""
    if column.kind != DATETIME:
        return values if _are_valid(column, values) else None
    try:
        return list(map(column.coerce, values))
    except InvalidValue:
        return None


def _are_valid(column: Column, values: list[Any]) -> bool:
    """Return whether all values are valid for the column without conversion."""
    kinds = set(map(type, values))
    if column.nullable:
        kinds.discard(type(None))
    if not kinds <= EXACT_TYPES[column.kind]:
        return False
    if column.allowed_values:
        return set(values) - {None} <= set(column.allowed_values)
    if column.kind in (NUMBER, INTEGER):
        present = [value for value in values if value is not None]
        if not present:
            return True
        if column.kind == INTEGER:
            low, high = integer_range(column.dtype)
            return bool(low <= min(present) and max(present) <= high)
        return bool(-MAX_EXACT_INTEGER < min(present) and max(present) < MAX_EXACT_INTEGER)
    return True
