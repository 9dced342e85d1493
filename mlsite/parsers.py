"""Parsers of request bodies: JSON with orjson, and forms."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError

from predictor.core.codec import parse_json
from predictor.core.errors import InvalidInput


class JSONParser(parsers.JSONParser):
    """Strict JSON (RFC 8259): no NaN, no lone surrogates, no endless nesting."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - DRF's signature
    ) -> Any:
        """Return the parsed body."""
        # The request keeps `body`, so that a page can show it again beside the errors.
        body = stream.body if hasattr(stream, "body") else stream.read()
        try:
            return parse_json(body)
        except InvalidInput as exc:
            raise ParseError(str(exc)) from exc


class FormParser(parsers.FormParser):
    """Form fields; the error for JSON that was sent as a form names the missing header."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed form."""
        data = super().parse(stream, media_type, parser_context)
        if next(iter(data), "").lstrip().startswith(("{", "[")):
            raise ParseError(
                "The body looks like JSON but was sent as a form; "
                "add the header 'Content-Type: application/json'."
            )
        return data
