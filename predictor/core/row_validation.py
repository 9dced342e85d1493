"""Validation of rows value by value, with a message for each invalid column."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from predictor.core.coercion import InvalidValue
from predictor.core.columns import Column, list_values
from predictor.core.errors import InvalidInput
from predictor.core.row_format import MAX_NAMED_COLUMNS, check_format, describe_unknown

# Number of rows that the messages of a column list. The last message counts the others.
MAX_LISTED_ROWS = 5
# Number of problems after which no more are counted: each takes longer than reading its row.
MAX_COUNTED = 10_000
# Number of unknown columns that get messages of their own.
MAX_UNKNOWN = 100
# Number of unknown columns whose messages may suggest a similar name.
MAX_HINTS = 10


class Problems:
    """Sentences about invalid columns, as many as the messages list, and their number.

    A large request can have a problem in each of its millions of rows, or millions of unknown
    columns.

    Parameters
    ----------
    names : sequence of str
        The columns of the model.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.listed: dict[str, list[tuple[int, str]]] = {}
        self.counts: Counter[str] = Counter()
        self.unknown: dict[str, str] = {}

    @property
    def is_full(self) -> bool:
        """Whether no more problems are counted."""
        return self.counts.total() >= MAX_COUNTED

    def add(self, name: str, index: int, sentence: str) -> None:
        """Add the problem of a column in the row at this index."""
        listed = self.listed.setdefault(name, [])
        if len(listed) < MAX_LISTED_ROWS:
            listed.append((index, sentence))
        self.counts[name] += 1

    def add_unknown(self, name: str, index: int) -> None:
        """Add an unknown column in the row at this index.

        Raises
        ------
        InvalidInput
            There are more unknown columns than get messages of their own.
        """
        if name not in self.unknown:
            if len(self.unknown) == MAX_UNKNOWN:
                refuse_unknown(self.names)
            with_hint = len(self.unknown) < MAX_HINTS
            self.unknown[name] = describe_unknown(name, self.names, with_hint=with_hint)
        self.add(name, index, self.unknown[name])

    def check(self, *, is_single: bool) -> None:
        """Raise InvalidInput if there are problems."""
        if self.listed:
            raise InvalidInput(
                f"Invalid columns: {', '.join(self.listed)}.",
                {
                    name: list_problems(
                        listed, self.counts[name], is_single=is_single, are_all=not self.is_full
                    )
                    for name, listed in self.listed.items()
                },
            )


def refuse_unknown(names: Sequence[str]) -> NoReturn:
    """Raise InvalidInput for more unknown columns than get messages of their own."""
    raise InvalidInput(
        f"The data has more than {MAX_UNKNOWN} unknown columns; the columns of the model are "
        f"{list_values(names, MAX_NAMED_COLUMNS)}."
    )


def check_widths(columns: Sequence[Column], data: Any) -> None:
    """Check that no row of parsed JSON has very many more columns than the model.

    Raises
    ------
    InvalidInput
        A row has more unknown columns than get messages of their own.
    """
    rows = data if type(data) is list else [data]
    if any(type(row) is dict and len(row) > len(columns) + MAX_UNKNOWN for row in rows):
        check_format(columns, data)  # the "columns" of a table in another format are its rows
        refuse_unknown([column.name for column in columns])


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
    names = {column.name: None for column in columns}
    problems = Problems(list(names))
    values: list[list[Any]] = [[] for _ in columns]
    for index, row in enumerate(rows):
        for column, column_values in zip(columns, values, strict=True):
            try:
                column_values.append(_column_value(column, row))
            except InvalidValue as exc:
                problems.add(column.name, index, str(exc))
        for name in row:
            if name not in names:
                problems.add_unknown(name, index)
        if problems.is_full:
            break
    problems.check(is_single=is_single)
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
    problems: Sequence[tuple[int, str]], n_problems: int, *, is_single: bool, are_all: bool = True
) -> list[str]:
    """Return the sentences about one column; for many rows they name the row.

    Parameters
    ----------
    problems : sequence of (int, str)
        Index of the row, and sentence, for the first `MAX_LISTED_ROWS` problems.
    n_problems : int
        Number of problems.
    is_single : bool
        Whether the client sent one row.
    are_all : bool
        Whether there are no more problems.
    """
    if is_single:
        return [sentence for _, sentence in problems]
    listed = [f"Row at index {index}: {sentence}" for index, sentence in problems]
    rest = n_problems - len(problems)
    at_least = "" if are_all else "at least "
    return [*listed, f"And {at_least}{rest:,} more rows."] if rest else listed
