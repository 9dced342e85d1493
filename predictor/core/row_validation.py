"""Validation of rows value by value, with a message for each invalid column."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from predictor.core.coercion import JSON_TYPE_NAMES, InvalidValue
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput

# Number of rows that the messages of a column list. The last message counts the others.
MAX_LISTED_ROWS = 5


def validate_rows(
    columns: Sequence[Column], rows: Sequence[Any], *, is_single: bool
) -> list[list[Any]]:
    """Return the values of each column.

    Parameters
    ----------
    columns : sequence of Column
    rows : sequence
        Parsed JSON values. Each of them should be an object.
    is_single : bool
        Whether the client sent one object. The messages do not name its row then.

    Raises
    ------
    InvalidInput
        A row is not an object; a column is missing or unknown; a column rejects a value.
    """
    problems: dict[str, list[tuple[int, str]]] = defaultdict(list)
    values: list[list[Any]] = [[] for _ in columns]
    names = {column.name: None for column in columns}
    for index, row in enumerate(rows):
        if type(row) is not dict:
            raise InvalidInput(
                f"Expected a list of objects; the row at index {index} is {json_type_name(row)}."
            )
        for column, column_values in zip(columns, values, strict=True):
            try:
                column_values.append(_column_value(column, row))
            except InvalidValue as exc:
                problems[column.name].append((index, str(exc)))
        for name in row.keys() - names.keys():
            sentence = f"No such column; the columns are {', '.join(names)}."
            problems[name].append((index, sentence))
    if problems:
        raise InvalidInput(
            f"Invalid columns: {', '.join(problems)}.",
            {name: _messages(listed, is_single=is_single) for name, listed in problems.items()},
        )
    return values


def json_type_name(value: Any) -> str:
    """Return a noun phrase for the JSON type of a value that is not an object."""
    kind = type(value)
    return "a string or a number" if kind in (str, int, float) else JSON_TYPE_NAMES[kind]


def _column_value(column: Column, row: Mapping[str, Any]) -> Any:
    """Return the value of a column in a row; raise InvalidValue with a full sentence."""
    if column.name not in row:
        raise InvalidValue("This column is missing.")
    try:
        return column.coerce(row[column.name])
    except InvalidValue as exc:
        raise InvalidValue(f"Expected {column.accepted_text}; got {exc}.") from exc


def _messages(problems: Sequence[tuple[int, str]], *, is_single: bool) -> list[str]:
    """Return the sentences about one column; for many rows they name the row."""
    if is_single:
        return [sentence for _, sentence in problems]
    listed = [f"Row at index {index}: {sentence}" for index, sentence in problems[:MAX_LISTED_ROWS]]
    rest = len(problems) - MAX_LISTED_ROWS
    return [*listed, f"And {rest:,} more rows."] if rest > 0 else listed
