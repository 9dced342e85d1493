"""Parsers of form bodies."""

from collections.abc import Mapping
from itertools import chain
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError

from predictor.core.row_format import CSV_HINT


class FormParser(parsers.FormParser):
    """Form fields; the error for JSON or CSV that was sent as a form names the missing header."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed form."""
        data = super().parse(stream, media_type, parser_context)
        first = next(iter(data), "").strip()
        if first.startswith(("{", "[")):
            raise ParseError(
                "The body looks like JSON but was sent as a form; "
                "add the header 'Content-Type: application/json'."
            )
        if "\n" in first:
            raise ParseError(
                "The body looks like CSV or text but was sent as a form; send its rows as JSON, "
                f"with the header 'Content-Type: application/json'. {CSV_HINT}"
            )
        return data


class MultiPartParser(parsers.MultiPartParser):
    """Form fields in parts, without files. Views that accept files state DRF's own parser."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed form."""
        parsed = super().parse(stream, media_type, parser_context)
        if parsed.files:
            name = next(iter(parsed.files))
            for file in chain.from_iterable(files for _, files in parsed.files.lists()):
                file.close()
            raise ParseError(f"{name} is a file. Send its value as a text.")
        return parsed
