"""Serializer fields that accept one JSON type each; HTML forms may send strings."""

from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.html import is_html_input

from tasks.links import absolute_url


def is_json(field: serializers.Field[Any, Any, Any, Any]) -> bool:
    """Return whether the value of the field comes from a JSON body."""
    return not is_html_input(getattr(field.root, "initial_data", None))


class StringField(serializers.CharField):
    """A JSON string."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Validate a string; reject numbers, which DRF would convert."""
        if data not in (serializers.empty, None) and not isinstance(data, str):
            self.fail("invalid")
        return super().run_validation(data)


class BooleanField(serializers.BooleanField):
    """A JSON boolean."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> Any:
        """Validate a boolean; reject the words and numbers that DRF accepts."""
        if is_json(self) and not isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class IntegerChoiceField(serializers.ChoiceField):
    """A JSON integer from a range of choices."""

    default_error_messages = {"invalid_choice": "Must be an integer from {first} to {last}."}

    def to_internal_value(self, data: Any) -> Any:
        """Validate an integer; reject the strings that DRF accepts."""
        strings = self.choice_strings_to_values
        if (is_json(self) and type(data) is not int) or str(data) not in strings:
            self.fail("invalid_choice", first=min(self.choices), last=max(self.choices))
        return strings[str(data)]


class DateTimeField(serializers.DateTimeField):
    """A time; a naive time is in UTC, independent of the site's time zone."""

    timezone = UTC


class PublicUrlField(serializers.HyperlinkedIdentityField):
    """The URL of an object, at PUBLIC_URL if it is set."""

    def get_url(
        self,
        obj: Any,
        view_name: str,
        request: Request,
        format: str | None,  # noqa: A002 - DRF's signature
    ) -> str | None:
        """Return the absolute URL; None for an object that is not saved."""
        url = super().get_url(obj, view_name, request, format)
        return url and absolute_url(request, urlsplit(url).path)
