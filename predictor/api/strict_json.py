"""JSON as RFC 8259 defines it: the parser and the renderer of the API."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.utils.functional import Promise
from rest_framework import parsers, renderers
from rest_framework.exceptions import ParseError

from predictor.core.codec import parse_json
from predictor.core.errors import InvalidInput


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
            return parse_json(body)
        except InvalidInput as exc:
            raise ParseError(str(exc)) from exc


class JSONRenderer(renderers.JSONRenderer):
    """Plain JSON. NaN, which JSON does not have, becomes null."""

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


def _to_plain(value: Any) -> Any:
    if isinstance(value, Promise):  # a lazily translated string
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")
