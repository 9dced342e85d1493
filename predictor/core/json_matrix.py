"""Parsing of a JSON list of numeric rows directly into a matrix, without a dict for each row."""

import re
import struct
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, starmap
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import astuple

from predictor.core.coercion import MAX_EXACT_INTEGER
from predictor.core.columns import Column

Array = npt.NDArray[Any]

# msgspec compares a key with each column name in turn. With more columns, keys in another order
# would take longer than a dict for each row.
MAX_COLUMNS = 64

# Minimum size of a chunk. The decoded rows of a chunk of this size stay in the CPU caches.
CHUNK_BYTES = 1 << 14
ROW_BOUNDARY = re.compile(rb"\}[ \t\n\r]*,[ \t\n\r]*\{")  # with the white space of JSON


class MatrixParser:
    """Parser of JSON lists of numeric rows.

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
            None if the body is, or may be, something else: a single row, a number in quotes, an
            integer that float64 may not represent exactly. `RowParser` of
            `predictor.core.row_parser` accepts or rejects those.
        """
        if not body.startswith(b"[{") or not self._decoder:
            return None
        try:
            data = bytearray().join(map(self._pack_rows, split_rows(body)))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        X = np.frombuffer(data).reshape(-1, len(self.columns))
        return None if (np.abs(X) >= MAX_EXACT_INTEGER).any() else X

    def _pack_rows(self, chunk: bytes) -> bytes:
        """Return the numbers of a JSON list of rows as the bytes of doubles."""
        assert self._decoder  # noqa: S101 - `parse` has checked it
        rows = self._decoder.decode(chunk)
        try:
            return b"".join(starmap(self._pack, map(astuple, rows)))
        except struct.error:  # a value is None, which NumPy converts to NaN
            values = list(chain.from_iterable(map(astuple, rows)))
            return np.array(values, dtype=np.float64).tobytes()

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[Any] | None:
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
        return msgspec.json.Decoder(list[row])  # type: ignore[valid-type]


def split_rows(body: bytes) -> Iterator[bytes]:
    """Split a JSON list of objects into several JSON lists.

    If a boundary is inside a string, or the body is not such a list, a part is invalid JSON.
    """
    start = 1  # after the bracket
    while boundary := ROW_BOUNDARY.search(body, start + CHUNK_BYTES):
        yield b"[" + body[start : boundary.start() + 1] + b"]"
        start = boundary.end() - 1
    yield b"[" + body[start:]
