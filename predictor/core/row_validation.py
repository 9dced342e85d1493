"""Validation of rows value by value, with a message for each invalid column."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from predictor.core.coercion import InvalidValue
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput
from predictor.core.row_format import describe_unknown

# Number of rows that the messages of a column list. The last message counts the others.
MAX_LISTED_ROWS = 5
# Number of unknown columns whose messages may suggest a similar name.
MAX_HINTS = 10


def validate_rows(
    columns: Sequence[Column], rows: Sequence[Any], *, is_single: bool
) -> list[list[Any]]:
    """Return the values of each column.

    Parameters
    ----------
    columns : sequence of Column
    rows : sequence of dict
    is_single : bool
        Whether the client sent one object. The messages do not name its row then.

    Raises
    ------
    InvalidInput
        A column is missing or unknown; a column rejects a value.
    """
    problems: dict[str, list[tuple[int, str]]] = defaultdict(list)
    values: list[list[Any]] = [[] for _ in columns]
    names = {column.name: None for column in columns}
    unknown: dict[str, str] = {}
    for index, row in enumerate(rows):
        for column, column_values in zip(columns, values, strict=True):
            try:
                column_values.append(_column_value(column, row))
            except InvalidValue as exc:
                problems[column.name].append((index, str(exc)))
        for name in row:
            if name in names:
                continue
            if name not in unknown:
                with_hint = len(unknown) < MAX_HINTS
                unknown[name] = describe_unknown(name, list(names), with_hint=with_hint)
            problems[name].append((index, unknown[name]))
    if problems:
        raise InvalidInput(
            f"Invalid columns: {', '.join(problems)}.",
            {name: list_problems(listed, is_single=is_single) for name, listed in problems.items()},
        )
    return values


def _column_value(column: Column, row: Mapping[str, Any]) -> Any:
    """Return the value of a column in a row; raise InvalidValue with a full sentence."""
    if not column.required:
        return column.placeholder
    if column.name not in row:
        raise InvalidValue("This column is missing.")
    try:
        return column.coerce(row[column.name])
    except InvalidValue as exc:
        raise InvalidValue(f"Expected {column.accepted_text}; got {exc}.") from exc


def list_problems(
    problems: Sequence[tuple[int, str]], *, is_single: bool, n_problems: int | None = None
) -> list[str]:
    """Return the sentences about one column; for many rows they name the row.

    Parameters
    ----------
    problems : sequence of (int, str)
        Index of the row, and sentence.
    is_single : bool
        Whether the client sent one row.
    n_problems : int, optional
        Number of all problems, if `problems` contains only the first `MAX_LISTED_ROWS`.
    """
    if is_single:
        return [sentence for _, sentence in problems]
    listed = [f"Row at index {index}: {sentence}" for index, sentence in problems[:MAX_LISTED_ROWS]]
    rest = (len(problems) if n_problems is None else n_problems) - MAX_LISTED_ROWS
    return [*listed, f"And {rest:,} more rows."] if rest > 0 else listed
