"""Parsing of numeric rows in JSON directly into a matrix, without a dict for each row."""

import re
import struct
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, starmap
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import astuple

from predictor.core.coercion import MAX_EXACT_INTEGER
from predictor.core.columns import Column

Array = npt.NDArray[Any]
Decoder = msgspec.json.Decoder[Any]

# msgspec compares a key with each column name in turn. With more columns, keys in another order
# would take longer than a dict for each row.
MAX_COLUMNS = 64

# Minimum size of a chunk. The decoded rows of a chunk of this size stay in the CPU caches.
CHUNK_BYTES = 1 << 14
ROW_BOUNDARY = re.compile(rb"\}[ \t\n\r]*,[ \t\n\r]*\{")  # with the white space of JSON


class Decoders(NamedTuple):
    """Decoders of one row, and of a list of rows."""

    row: Decoder
    rows: Decoder


class MatrixParser:
    """Parser of one numeric row, a JSON object, or of many, a list of objects.

    Parameters
    ----------
    columns : sequence of Column
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self._pack = struct.Struct(f"{len(columns)}d").pack

    def parse(self, body: bytes) -> Array | None:
        """Return the rows of a JSON body.

        Returns
        -------
        X : array of float64 of shape (n_samples, n_features), or None
            None if the body is, or may be, something else: a number in quotes, an integer that
            float64 may not represent exactly. `RowParser` of `predictor.core.row_parser` accepts
            or rejects those.
        """
        decoders = self._decoders
        if not decoders:
            return None
        try:
            if body.startswith(b"{"):
                return self._parse_row(body, decoders)
            if body.startswith(b"[{"):
                return self._parse_rows(body, decoders.rows)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass
        return None

    def _parse_row(self, body: bytes, decoders: Decoders) -> Array | None:
        row = astuple(decoders.row.decode(body))
        try:
            X = np.frombuffer(bytearray(self._pack(*row))).reshape(1, -1)
        except struct.error:  # a value is None
            return self._parse_rows(b"[" + body + b"]", decoders.rows)
        # For one row, these are faster than functions of NumPy.
        return X if -MAX_EXACT_INTEGER < min(row) and max(row) < MAX_EXACT_INTEGER else None

    def _parse_rows(self, body: bytes, decoder: Decoder) -> Array | None:
        data = bytearray().join(
            self._pack_rows(decoder.decode(chunk)) for chunk in split_rows(body)
        )
        X = np.frombuffer(data).reshape(-1, len(self.columns))
        return None if (np.abs(X) >= MAX_EXACT_INTEGER).any() else X

    def _pack_rows(self, rows: list[Any]) -> bytes:
        """Return the numbers of decoded rows as the bytes of doubles."""
        try:
            return b"".join(starmap(self._pack, map(astuple, rows)))
        except struct.error:  # a value is None, which NumPy converts to NaN
            values = list(chain.from_iterable(map(astuple, rows)))
            return np.array(values, dtype=np.float64).tobytes()

    @cached_property
    def _decoders(self) -> Decoders | None:
        accepts_numbers = all(column.accepts_any_number for column in self.columns)
        if len(self.columns) > MAX_COLUMNS or not accepts_numbers:
            return None
        names = {f"column_{n}": column.name for n, column in enumerate(self.columns)}
        types = [float | None if column.nullable else float for column in self.columns]
        fields = list(zip(names, types, strict=True))
        try:
            row = msgspec.defstruct(
                "Row", fields, rename=names, forbid_unknown_fields=True, gc=False
            )
        except ValueError:  # msgspec does not support some names, such as a name with quotes
            return None
        return Decoders(msgspec.json.Decoder(row), msgspec.json.Decoder(list[row]))  # type: ignore[valid-type]


def split_rows(body: bytes) -> Iterator[bytes]:
    """Split a JSON list of objects into several JSON lists.

    If a boundary is inside a string, or the body is not such a list, a part is invalid JSON.
    """
    start = 1  # after the bracket
    while boundary := ROW_BOUNDARY.search(body, start + CHUNK_BYTES):
        yield b"[" + body[start : boundary.start() + 1] + b"]"
        start = boundary.end() - 1
    yield b"[" + body[start:]
