"""Parsers of request bodies: JSON with orjson, and forms."""

import json
from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework import parsers
from rest_framework.exceptions import ParseError


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
            return orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            if "infinity" not in str(exc):
                raise ParseError(f"The body is not JSON: {exc}.") from exc
            return _with_infinities(body, exc)


def _with_infinities(body: bytes, refusal: orjson.JSONDecodeError) -> Any:
    """Return the data of a body with a number such as 1e999, which is read as infinity.

    The serializer can then name the field that holds it.
    """
    try:
        data = json.loads(body)
        orjson.dumps(data)  # refuses surrogates, which the standard library accepts
    except (ValueError, TypeError, RecursionError):
        raise ParseError(f"The body is not JSON: {refusal}.") from refusal
    return data


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
