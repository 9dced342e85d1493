"""Many rows of plain numbers, read out of JSON straight into one array."""

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

from predictor.core.columns import Column
from predictor.core.row_parser import LIMIT

Array = npt.NDArray[Any]

# The decoder looks for a key among the columns one by one: beyond so many, keys in an odd order
# would take it longer than making a dictionary of each row.
MOST_COLUMNS = 64

# Bytes after which the next row begins another chunk: what is made of one stays in the caches.
CHUNK = 1 << 14
BETWEEN_ROWS = re.compile(rb"\}[ \t\n\r]*,[ \t\n\r]*\{")  # the white space of JSON


class Blocks:
    """Reads lists of rows of numbers out of JSON.

    Parameters
    ----------
    columns : sequence of Column
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self._pack = struct.Struct(f"{len(columns)}d").pack

    def read(self, body: bytes) -> Array | None:
        """Return the rows, shape (n_samples, n_features).

        None where the body is anything else or may be, such as one row, a number in quotes or an
        integer beyond 64 bits: `predictor.core.row_parser.Reader` then says what is wrong with it.
        """
        if not body.startswith(b"[{") or not self._decoder:
            return None
        try:
            data = bytearray().join(map(self._doubles, chunks(body)))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        X = np.frombuffer(data).reshape(-1, len(self.columns))
        return None if (np.abs(X) >= LIMIT).any() else X

    def _doubles(self, chunk: bytes) -> bytes:
        """Return the numbers of some rows, one behind the other."""
        assert self._decoder  # noqa: S101 - `read` has looked
        rows = self._decoder.decode(chunk)
        try:
            return b"".join(starmap(self._pack, map(astuple, rows)))
        except struct.error:  # there is None among them, which becomes NaN
            values = list(chain.from_iterable(map(astuple, rows)))
            return np.array(values, dtype=np.float64).tobytes()

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[Any] | None:
        if len(self.columns) > MOST_COLUMNS or not all(column.plain for column in self.columns):
            return None
        names = {f"column_{n}": column.name for n, column in enumerate(self.columns)}
        kinds = [float | None if column.nullable else float for column in self.columns]
        fields = list(zip(names, kinds, strict=True))
        try:
            row = msgspec.defstruct(
                "Row", fields, rename=names, forbid_unknown_fields=True, gc=False
            )
        except ValueError:  # a name that it does not look for, such as one with quotes in it
            return None
        return msgspec.json.Decoder(list[row])  # type: ignore[valid-type]


def chunks(body: bytes) -> Iterator[bytes]:
    """Return a list of objects in JSON as several such lists.

    Where it is cut inside of a string, or the whole is no such list, one of them is not JSON.
    """
    start = 1  # behind the bracket
    while cut := BETWEEN_ROWS.search(body, start + CHUNK):
        yield b"[" + body[start : cut.start() + 1] + b"]"
        start = cut.end() - 1
    yield b"[" + body[start:]
