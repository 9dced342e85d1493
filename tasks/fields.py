"""Serializer fields that take one JSON type each; forms, which hold only strings, stay lenient."""

from datetime import UTC
from typing import Any

from rest_framework import serializers
from rest_framework.utils.html import is_html_input


def is_json(field: serializers.Field[Any, Any, Any, Any]) -> bool:
    """Return whether the field's value came in a JSON body."""
    return not is_html_input(getattr(field.root, "initial_data", None))


class StringField(serializers.CharField):
    """A JSON string."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the string, refusing the numbers that DRF would turn into one."""
        if data not in (serializers.empty, None) and not isinstance(data, str):
            self.fail("invalid")
        return super().run_validation(data)


class BooleanField(serializers.BooleanField):
    """A JSON boolean."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> Any:
        """Return the boolean, refusing the words and numbers that DRF would take for one."""
        if is_json(self) and not isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class IntegerChoiceField(serializers.ChoiceField):
    """One of a few JSON integers that follow each other."""

    default_error_messages = {"invalid_choice": "Must be an integer from {first} to {last}."}

    def to_internal_value(self, data: Any) -> Any:
        """Return the integer, refusing the strings that DRF would take for one."""
        strings = self.choice_strings_to_values
        if (is_json(self) and type(data) is not int) or str(data) not in strings:
            self.fail("invalid_choice", first=min(self.choices), last=max(self.choices))
        return strings[str(data)]


class DateTimeField(serializers.DateTimeField):
    """A time; without an offset it is in UTC, whatever zone the site's pages are in."""

    timezone = UTC
