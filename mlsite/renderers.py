"""Renderer of JSON responses, with orjson."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework import renderers

INDENTED = orjson.OPT_INDENT_2


class JSONRenderer(renderers.JSONRenderer):
    """Plain JSON. NaN and infinities become null, because JSON has no such numbers."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the data as JSON; indented for `Accept: application/json; indent=2`."""
        if data is None:
            return b""
        accepted, context = accepted_media_type or "", renderer_context or {}
        mentioned = "indent" in accepted or "indent" in context
        indented = mentioned and self.get_indent(accepted, context)
        return orjson.dumps(data, default=_plain, option=INDENTED if indented else None)


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):  # a lazily translated string
        return str(value)
    raise TypeError(f"JSON has no type for {type(value).__name__}.")
