"""The HTML form for one row of a model."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from predictor.core import times
from predictor.core.coercion import BOOLEAN, DATETIME, INTEGER, NUMBER, STRING
from predictor.core.columns import MAX_LISTED_CATEGORIES, Column, list_values
from predictor.core.signature import Signature

FIELDS: dict[str, type[serializers.Field[Any, Any, Any, Any]]] = {
    NUMBER: serializers.FloatField,
    INTEGER: serializers.IntegerField,
    BOOLEAN: serializers.BooleanField,
    STRING: serializers.CharField,
    DATETIME: serializers.DateTimeField,
}
# Length of a time with milliseconds. Browsers accept no more digits.
MAX_TIME_LENGTH = 23


class RowForm(serializers.Serializer[Any]):
    """Base class of the forms for rows. It renders a row; the signature validates rows."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the row unchanged; raise the problems that the context contains."""
        if problems := self.context.get("problems"):
            raise serializers.ValidationError(problems)
        return data

    def to_representation(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the model's columns unchanged."""
        names = [str(field.field_name) for field in self.fields.values()]
        return {name: row.get(name) for name in names}


def build_row_form(signature: Signature) -> type[serializers.Serializer[Any]]:
    """Return a form class with a typed, described input for each column that the model uses."""
    columns = [column for column in signature.columns if column.required]
    return type("Row", (RowForm,), {column.name: _build_field(column) for column in columns})


def _build_field(column: Column) -> serializers.Field[Any, Any, Any, Any]:
    seen = f"; seen from {column.range_text}" if column.range else ""
    if column.categories and not column.allowed_values:
        seen = f"; seen: {list_values(column.categories, MAX_LISTED_CATEGORIES)}"
    options: dict[str, Any] = {
        "label": column.name,
        "help_text": f"{column.description or column.dtype}{seen}.",
        "initial": column.example,
        "required": not column.nullable,
        "allow_null": column.nullable,
    }
    if column.allowed_values:
        return serializers.ChoiceField(choices=list(column.allowed_values), **options)
    if column.kind == DATETIME:
        options |= _describe_time(column, options["help_text"])
    return FIELDS[column.kind](**options)


def _describe_time(column: Column, help_text: str) -> dict[str, Any]:
    """Return the options of a field whose input has no time zone."""
    unit, zone = times.read_dtype(column.dtype)
    example = times.format_time(column.placeholder, f"datetime64[{unit}]")[:MAX_TIME_LENGTH]
    return {
        "initial": example if column.example is not None else None,
        "help_text": f"{help_text} The time is in UTC." if zone else help_text,
        "format": None,  # a value that was submitted stays as it is
    }
