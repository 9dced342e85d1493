"""The HTML form for one row of a model."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER, STRING
from predictor.core.columns import Column
from predictor.core.signature import Signature

FIELDS: dict[str, type[serializers.Field[Any, Any, Any, Any]]] = {
    NUMBER: serializers.FloatField,
    INTEGER: serializers.IntegerField,
    BOOLEAN: serializers.BooleanField,
    STRING: serializers.CharField,
}


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
    """Return a form class with a typed, described input for each column of the model."""
    return type("Row", (RowForm,), {c.name: _build_field(c) for c in signature.columns})


def _build_field(column: Column) -> serializers.Field[Any, Any, Any, Any]:
    seen = "; seen from {:g} to {:g}".format(*column.range) if column.range else ""
    options: dict[str, Any] = {
        "label": column.name,
        "help_text": f"{column.description or column.dtype}{seen}.",
        "initial": column.example,
        "required": column.required and not column.nullable,
        "allow_null": column.nullable,
    }
    if column.allowed_values:
        return serializers.ChoiceField(choices=list(column.allowed_values), **options)
    return FIELDS[column.kind](**options)
