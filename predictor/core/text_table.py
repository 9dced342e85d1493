"""Rows of a table as text: a CSV file, or cells that are copied from a spreadsheet."""

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from predictor.core.coercion import BOOLEAN, STRING, parse_number
from predictor.core.columns import MAX_COLUMNS, MAX_LISTED_COLUMNS, Column, list_values
from predictor.core.errors import InvalidInput
from predictor.core.row_validation import validate_rows

DELIMITERS = ("\t", ";", ",")
MAX_ROWS = 50_000

# A number as spreadsheets write it for readers: with a decimal comma, or with commas in thousands.
COMMA_NUMBER = re.compile(r"[+-]?\d+,[\d,.]+")
COMMA_HINT = " Write numbers without a comma, such as 1234.5."

# Characters with which a spreadsheet begins a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class RefusedRow(NamedTuple):
    """A row that the model does not accept."""

    line: int
    problem: str


class TextTable(NamedTuple):
    """Rows of a table.

    Parameters
    ----------
    header : list of str
    cells : list of list of str
        All rows that are not empty.
    lines : list of int
        The number of the first line of each row in `cells`.
    rows : list of list
        The value of each column of the model, for the accepted rows.
    positions : list of int
        The index of each accepted row in `cells`.
    refused : list of RefusedRow
    extra_names : list of str
        Columns of the table that the model does not use.
    """

    header: list[str]
    cells: list[list[str]]
    lines: list[int]
    rows: list[list[Any]]
    positions: list[int]
    refused: list[RefusedRow]
    extra_names: list[str]


def read_table(text: str, columns: Sequence[Column]) -> TextTable:
    """Return the rows of a table with a header.

    The delimiter is the tab, semicolon or comma that the header has most. An empty cell is a
    missing value where the column accepts it.

    Parameters
    ----------
    text : str
    columns : sequence of Column

    Raises
    ------
    InvalidInput
        There is no header or no row; a column is missing or occurs twice; there are too many
        columns or rows; a quotation mark is not closed.
    """
    used = [column for column in columns if column.required]
    choices = {c.name: {str(value): value for value in c.allowed_values} for c in used}
    lines = _read_lines(text.removeprefix("\ufeff"))
    _, header = next(lines, (0, []))
    _check_header(header, used)
    table = TextTable(header, [], [], [], [], [], _list_extra(header, used))
    for line, cells in lines:
        if len(table.cells) >= MAX_ROWS:
            raise InvalidInput(f"The table has more than {MAX_ROWS:,} rows. Send them in parts.")
        try:
            row = _parse_row(cells, header, columns, choices)
        except InvalidInput as exc:
            hint = COMMA_HINT if any(map(COMMA_NUMBER.fullmatch, cells)) else ""
            table.refused.append(RefusedRow(line, exc.details + hint))
        else:
            table.rows.append(row)
            table.positions.append(len(table.cells))
        table.cells.append(cells)
        table.lines.append(line)
    if not table.cells:
        raise InvalidInput("The table has a header, but no rows.")
    return table


def write_csv(table: TextTable, outputs: Mapping[str, Sequence[Any]]) -> str:
    """Return a CSV file of all rows with their outputs; the last column has the problems, if any.

    The cells of the table are unchanged. A text of the model gets an apostrophe if a spreadsheet
    would run it as a formula.

    Parameters
    ----------
    table : TextTable
    outputs : mapping of str to sequence
        Values for each accepted row, by the name of the new column.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    problems = _by_position(table)
    writer.writerow([*table.header, *outputs, *(["problem"] if problems else [])])
    values = dict(zip(table.positions, zip(*outputs.values(), strict=True), strict=True))
    empty = ("",) * len(outputs)
    for position, cells in enumerate(table.cells):
        problem = [problems.get(position, "")] if problems else []
        padded = [*cells, *[""] * len(table.header)][: len(table.header)]
        results = map(_escape_formula, [*values.get(position, empty), *problem])
        writer.writerow([*padded, *results])
    return text.getvalue()


def flatten(response: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return the response for many rows as columns, one for each class of each output."""
    columns: dict[str, list[Any]] = {}
    for key, values in response.items():
        first = values[0] if values else None
        if isinstance(first, Mapping | list):
            parts = first if isinstance(first, Mapping) else range(len(first))
            columns |= flatten({f"{key} {part}": [row[part] for row in values] for part in parts})
        else:
            columns[key] = list(values)
    return columns


def _escape_formula(value: Any) -> Any:
    """Return the value; a text that a spreadsheet would run begins with an apostrophe."""
    is_formula = isinstance(value, str) and value.startswith(FORMULA_STARTS)
    return f"'{value}" if is_formula and math.isnan(parse_number(value)) else value


def _by_position(table: TextTable) -> dict[int, str]:
    accepted = set(table.positions)
    others = (position for position in range(len(table.cells)) if position not in accepted)
    return {n: refused.problem for n, refused in zip(others, table.refused, strict=True)}


def _read_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the first line of each row that is not empty, and its cells."""
    first_line = text.lstrip().partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first_line.count), strict=True
    )
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as exc:
        raise InvalidInput(f"Line {line} of the table cannot be read: {exc}.") from exc


def _check_header(header: Sequence[str], used: Sequence[Column]) -> None:
    if not header:
        raise InvalidInput("The table is empty. Its first line must have the names of the columns.")
    if len(header) > MAX_COLUMNS:
        raise InvalidInput(
            f"The table has {len(header):,} columns; at most {MAX_COLUMNS:,} are allowed."
        )
    counts = Counter(header)
    missing = [column.name for column in used if column.name not in counts]
    if missing:
        raise InvalidInput(
            f"The table lacks the columns {_list(missing)}. Its header is: {_list(header)}."
        )
    repeated = [column.name for column in used if counts[column.name] > 1]
    if repeated:
        raise InvalidInput(f"The table has these columns more than once: {_list(repeated)}.")


def _list_extra(header: Sequence[str], used: Sequence[Column]) -> list[str]:
    names = {column.name for column in used}
    return [name for name in header if name not in names]


def _list(names: Sequence[str]) -> str:
    return list_values(names, MAX_LISTED_COLUMNS)


def _parse_row(
    cells: Sequence[str],
    header: Sequence[str],
    columns: Sequence[Column],
    choices: Mapping[str, Mapping[str, Any]],
) -> list[Any]:
    """Return the value of each column; raise InvalidInput if a column rejects its value.

    The choices are the values of each text, for the columns that accept no others.
    """
    if len(cells) != len(header):
        raise InvalidInput(f"Expected {len(header)} cells; got {len(cells)}.")
    used = [column for column in columns if column.required]
    texts = dict(zip(header, cells, strict=True))
    empty = [c.name for c in used if not (texts[c.name] or c.nullable or c.kind == STRING)]
    if empty:
        raise InvalidInput(f"No value in {_list(empty)}.")
    row = {c.name: _to_json(c, texts[c.name], choices[c.name]) for c in used}
    return [value for (value,) in validate_rows(columns, [row], is_single=True)]


def _to_json(column: Column, text: str, choices: Mapping[str, Any]) -> Any:
    if not text and column.nullable:
        return None
    if column.kind == BOOLEAN:
        return text.lower()
    return choices.get(text, text)
