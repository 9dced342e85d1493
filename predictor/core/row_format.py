"""Messages for bodies in another format than rows, such as the output of pandas."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from predictor.core.coercion import JSON_TYPE_NAMES
from predictor.core.columns import Column, list_values
from predictor.core.errors import InvalidInput

# Number of columns in an example or a list of names. The text counts the others.
MAX_NAMED_COLUMNS = 10

# Bounds of the search for a similar name: number of columns, length of the unknown name.
MAX_COMPARED = 1000
MAX_COMPARED_LENGTH = 100

EXPECTED = "Expected an object, which is one row, or a list of objects"

# `df.to_json` rounds to at most 15 decimals, which can change predictions.
PANDAS = (
    "With pandas, use json.dumps(df.astype(object).where(df.notna(), None)"
    '.to_dict("records"), default=str).'
)

CSV_HINT = "Send a CSV file in the field `file` of a form to the URL that ends with /predict/table."


def describe_row(columns: Sequence[Column]) -> str:
    """Return a row of the model as JSON; "..." stands for further columns."""
    required = [column for column in columns if column.required]
    named = [
        f"{dump(column.name)}: {dump(column.get_example())}"
        for column in required[:MAX_NAMED_COLUMNS]
    ]
    rest = ["..."] if len(required) > MAX_NAMED_COLUMNS else []
    return "{" + ", ".join(named + rest) + "}"


def dump(value: Any) -> str:
    """Return a value as JSON."""
    import orjson  # noqa: PLC0415 - a notebook needs no orjson to save an estimator

    return orjson.dumps(value, default=str, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def describe_unknown(name: str, names: Sequence[str], *, with_hint: bool = True) -> str:
    """Return a sentence about a column that the model lacks, with a similar name if there is one.

    Comparing a name takes long if there are many columns, or if it is long. Such names get no hint.
    """
    by_lower_case = {column.lower(): column for column in names[:MAX_COMPARED]}
    is_short = with_hint and len(name) <= MAX_COMPARED_LENGTH
    similar = get_close_matches(name.lower(), by_lower_case, n=1, cutoff=0.7) if is_short else []
    hint = f" Did you mean {by_lower_case[similar[0]]}?" if similar else ""
    return f"No such column; the columns are {list_values(names, MAX_NAMED_COLUMNS)}.{hint}"


def check_format(columns: Sequence[Column], data: Any) -> None:
    """Check that parsed JSON is a row or a list of rows, as far as its outer structure shows it.

    Raises
    ------
    InvalidInput
        The data is a table in another format, or no table.
    """
    names = {column.name for column in columns}
    if type(data) is list:
        for index, row in enumerate(data):
            if type(row) is not dict:
                refuse(
                    columns,
                    f"Expected a list of objects; the row at index {index} is {type_name(row)}.",
                    is_table=type(row) is list,
                )
    elif type(data) is not dict:
        refuse(
            columns,
            f"{EXPECTED}; got {type_name(data)}.",
            is_table=False,
        )
    elif (problem := _find_other_format(names, data)) is not None:
        refuse(columns, f"{EXPECTED}; {problem}.")


def _find_other_format(names: set[str], data: dict[str, Any]) -> str | None:
    """Return a clause that describes an object that holds a whole table; None for other objects."""
    kinds = set(map(type, data.values()))
    if kinds and kinds <= {dict, list} and data.keys() <= names:
        return "got an object of columns, each with the values of all rows"
    if names.isdisjoint(data) and kinds == {dict}:
        inner = next(iter(data.values()))
        return "got an object of rows" if names & inner.keys() else "got an object of objects"
    if names.isdisjoint(data) and (lists := [k for k, v in data.items() if type(v) is list]):
        return f"got an object with the rows or columns under {', '.join(map(dump, lists[:3]))}"
    return None


def type_name(value: Any) -> str:
    """Return a noun phrase for the JSON type of a value that is not an object."""
    kind = type(value)
    return "a string or a number" if kind in (str, int, float) else JSON_TYPE_NAMES[kind]


def refuse(columns: Sequence[Column], sentence: str, *, is_table: bool = True) -> NoReturn:
    """Raise InvalidInput with the sentence and the format that the model accepts."""
    raise InvalidInput(explain(columns, sentence, is_table=is_table))


def explain(columns: Sequence[Column], sentence: str, *, is_table: bool = True) -> str:
    """Return the sentence, followed by a row of the model."""
    pandas = f" {PANDAS}" if is_table else ""
    row = describe_row(columns)
    return f"{sentence} Example of one row: {row}, of many rows: [{row}, ...].{pandas}"
