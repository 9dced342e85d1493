"""The HTML form for one row of a model."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from predictor.core import times
from predictor.core.coercion import (
    BOOLEAN,
    DATETIME,
    INTEGER,
    MAX_EXACT_INTEGER,
    NUMBER,
    STRING,
)
from predictor.core.columns import MAX_LISTED_CATEGORIES, Column, list_values
from predictor.core.errors import InvalidInput
from predictor.core.example_rows import draw_row
from predictor.core.row_format import CSV_HINT
from predictor.core.signature import Signature

if TYPE_CHECKING:
    from django.http import QueryDict

FIELDS: dict[str, type[serializers.Field[Any, Any, Any, Any]]] = {
    NUMBER: serializers.FloatField,
    INTEGER: serializers.IntegerField,
    STRING: serializers.CharField,
}
# Length of a time with milliseconds. Browsers accept no more digits.
MAX_TIME_LENGTH = 23
DATE_LENGTH = 10
# Number of categories that an input suggests, if it accepts others too.
MAX_SUGGESTIONS = 100
# Number of inputs, and length of all their names, with which a page has about 150 KB.
MAX_INPUTS = 150
MAX_NAMES_LENGTH = 15_000
NO_EXAMPLE = "none"
# Number of digits of the number of an example; others are ignored.
MAX_DIGITS = 9
# Choice of a missing value.
MISSING = "missing"
# Inputs of the page that are no columns: the outputs, and the column that is varied.
OUTPUTS_FIELD, VARIED_FIELD = "_outputs", "_varied"
PAGE_FIELDS = frozenset({OUTPUTS_FIELD, VARIED_FIELD, "csrfmiddlewaretoken"})


class RowForm(serializers.Serializer[Any]):
    """Base class of the forms for rows. It renders a row; the signature validates rows."""

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with the warnings that the context contains."""
        fields: dict[str, Any] = super().get_fields()
        for name, sentences in self.context.get("warnings", {}).items():
            if name in fields:
                fields[name].style["warnings"] = sentences
        return fields

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the row unchanged; raise the problems that the context contains."""
        if problems := self.context.get("problems"):
            raise serializers.ValidationError(problems)
        return data

    def to_representation(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the model's columns unchanged."""
        names = [str(field.field_name) for field in self.fields.values()]
        return {name: row.get(name) for name in names}


def build_row_form(
    signature: Signature, row: Mapping[str, Any] | None = None
) -> type[serializers.Serializer[Any]]:
    """Return a form class with a typed, described input for each column that the model uses.

    It has no inputs if they do not fit a page.

    Parameters
    ----------
    signature : Signature
    row : mapping of str to object, optional
        Initial values; by default, the example of each column.
    """
    example = signature.get_example() if row is None else row
    columns = signature.used_columns if fits_page(signature) else ()
    fields = {column.name: _build_field(column, example.get(column.name)) for column in columns}
    return type("Row", (RowForm,), fields)


def fits_page(signature: Signature) -> bool:
    """Return whether a page can show an input for each column that the model uses."""
    names = signature.used_names
    return len(names) <= MAX_INPUTS and sum(map(len, names)) <= MAX_NAMES_LENGTH


def choose_row(signature: Signature, example: str | None) -> dict[str, Any]:
    """Return the initial values of the form.

    Parameters
    ----------
    signature : Signature
    example : str, optional
        Number of another example row; "none" for empty inputs.
    """
    if example == NO_EXAMPLE:
        return {}
    if example and example.isascii() and example.isdigit():
        return draw_row(signature, int(example[:MAX_DIGITS]))
    return signature.get_example()


def read_form(form: "QueryDict", columns: Sequence[Column]) -> dict[str, Any]:
    """Return the row of a form. An empty input of a nullable column is a missing value.

    Raises
    ------
    InvalidInput
        The form has a file.
    """
    names = {column.name for column in columns}
    fields = {
        name: value for name, value in form.items() if name in names or name not in PAGE_FIELDS
    }
    if files := [name for name, value in fields.items() if not isinstance(value, str)]:
        sentence = f"Expected a value; got a file. {CSV_HINT}"
        raise InvalidInput(sentence, {name: [sentence] for name in files})
    row = {name: value for name, value in fields.items() if value != ""}
    empty = (column.name for column in columns if column.nullable and form.get(column.name) == "")
    return row | dict.fromkeys(empty)


def to_json_row(row: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, Any]:
    """Return the values of a valid row of a form as JSON values of the columns' own types."""
    return {
        column.name: row[column.name]
        if column.kind == DATETIME
        else column.coerce(row[column.name])
        for column in columns
        if column.required
    }


def _build_field(column: Column, value: Any) -> serializers.Field[Any, Any, Any, Any]:
    sample = f"; seen from {column.range_text}" if column.range else ""
    if column.categories and not column.allowed_values:
        sample = f"; seen: {list_values(column.categories, MAX_LISTED_CATEGORIES)}"
    options: dict[str, Any] = {
        "label": column.name,
        "help_text": f"{column.description or column.dtype}{sample}.",
        "initial": _shorten(value),
        "required": not column.nullable,
        "allow_null": column.nullable,
        "style": {"empty_label": MISSING, "placeholder": MISSING} if column.nullable else {},
    }
    if column.kind == BOOLEAN:  # a checkbox cannot say that a value is missing
        options["initial"] = None if value is None else json.dumps(value)
        return serializers.ChoiceField(choices=["true", "false"], **options)
    if column.allowed_values:
        return serializers.ChoiceField(choices=list(column.allowed_values), **options)
    if column.categories:
        options["style"]["suggestions"] = column.categories[:MAX_SUGGESTIONS]
    if column.kind == DATETIME:
        return _build_time_field(column, options)
    if column.kind == STRING:
        options["style"]["base_template"] = "input.html"
    return FIELDS[column.kind](**options)


def _shorten(value: Any) -> Any:
    """Return a whole number without its decimal point."""
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) <= MAX_EXACT_INTEGER
    return int(value) if is_whole else value


def _build_time_field(
    column: Column, options: dict[str, Any]
) -> serializers.Field[Any, Any, Any, Any]:
    """Return a field for a date or for a time, whose input has no time zone."""
    unit, zone = times.read_dtype(column.dtype)
    initial = options["initial"]
    if initial is not None:
        count = times.parse_time(initial, column.dtype)
        text = times.format_time(count, f"datetime64[{unit}]")
        initial = text[: DATE_LENGTH if unit == "D" else MAX_TIME_LENGTH]
    help_text = options["help_text"]
    options |= {
        "initial": initial,
        "help_text": f"{help_text} The time is in UTC." if zone else help_text,
        "format": None,  # a value that was submitted stays as it is
    }
    return (serializers.DateField if unit == "D" else serializers.DateTimeField)(**options)
