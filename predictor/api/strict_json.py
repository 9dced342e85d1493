"""JSON as RFC 8259 defines it: the parser and the renderer of the API."""

import json
from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.utils.functional import Promise
from rest_framework import parsers, renderers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """Strict JSON: no NaN, no lone surrogates, no unbounded nesting."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - DRF's signature
    ) -> Any:
        """Return the parsed body."""
        # `request.body` makes Django keep the body, so that a page can show it again.
        body = stream.body if hasattr(stream, "body") else stream.read()
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            if "infinity" not in str(exc):
                raise ParseError(f"The body is not JSON: {exc}.") from exc
            return _parse_infinities(body, exc)


class JSONRenderer(renderers.JSONRenderer):
    """Plain JSON. NaN and the infinities, which JSON does not have, become null."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the data as JSON, indented for `Accept: application/json; indent=2`."""
        if data is None:
            return b""
        accepted, context = accepted_media_type or "", renderer_context or {}
        mentioned = "indent" in accepted or "indent" in context
        indented = mentioned and self.get_indent(accepted, context)
        option = orjson.OPT_INDENT_2 if indented else None
        return orjson.dumps(data, default=_to_plain, option=option)


def _parse_infinities(body: bytes, error: orjson.JSONDecodeError) -> Any:
    """Return the parsed body with numbers such as 1e999 as infinity.

    The response can then name the field that contains the number.
    """
    try:
        data = json.loads(body)
        orjson.dumps(data)  # rejects the surrogates that the standard library accepts
    except (ValueError, TypeError, RecursionError):
        raise ParseError(f"The body is not JSON: {error}.") from error
    return data


def _to_plain(value: Any) -> Any:
    if isinstance(value, Promise):  # a lazily translated string
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")
