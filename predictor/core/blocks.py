"""Many rows of plain numbers, read out of JSON straight into one array."""

from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from predictor.core.columns import Column
from predictor.core.rows import LIMIT

Array = npt.NDArray[Any]

# The decoder looks for a key among the columns one by one: beyond so many, keys in an odd order
# would take it longer than making a dictionary of each row.
MOST_COLUMNS = 64


class Blocks:
    """Reads lists of rows of numbers out of JSON.

    Parameters
    ----------
    columns : sequence of Column
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns

    def read(self, body: bytes) -> Array | None:
        """Return the rows, shape (n_samples, n_features).

        None where the body is anything else or may be, such as one row, a number in quotes or an
        integer beyond 64 bits: `predictor.core.rows.Reader` then says what is wrong with it.
        """
        if not body.startswith(b"[{") or not self._decoder:
            return None
        try:
            rows = self._decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        values = list(chain.from_iterable(map(msgspec.structs.astuple, rows)))
        X = np.array(values, dtype=np.float64).reshape(len(rows), -1)  # None becomes NaN
        return None if (np.abs(X) >= LIMIT).any() else X

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
