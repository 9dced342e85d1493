"""Parser of form bodies."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError


class FormParser(parsers.FormParser):
    """Form fields; JSON that was sent as a form is told which header is missing."""

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
