"""Descriptions of rows and results for messages, beside which their arrays are sent as bytes."""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.core.lazy_frame import LazyFrame
from predictor.core.response_values import to_array, to_json_values
from predictor.isolation.messages import ALIGNMENT, MalformedMessage

Array = npt.NDArray[Any]

# Kinds of arrays that are sent as bytes: booleans, numbers, strings, times.
RAW_KINDS = "biufUM"


def pack(values: Any, arrays: list[Array]) -> dict[str, Any]:
    """Return the description of rows or of a result, and append its raw arrays to a list.

    Parameters
    ----------
    values : array, LazyFrame, DataFrame, sparse matrix, or list of arrays
        Sparse results and DataFrames of results arrive as arrays, which have the same JSON values.
    arrays : list of array
    """
    if isinstance(values, LazyFrame):
        if isinstance(values.values, np.ndarray):
            return {"frame": pack(values.values, arrays)}
        return {"columns": _pack_json(values.values, arrays)}
    if isinstance(values, list):
        return {"list": [pack(each, arrays) for each in values]}
    values = to_array(values)
    if values.dtype.kind in RAW_KINDS:
        is_fortran = values.flags.f_contiguous and not values.flags.c_contiguous
        arrays.append(np.ascontiguousarray(values.T if is_fortran else values))
        return {"dtype": values.dtype.str, "shape": values.shape, "fortran": is_fortran}
    objects = to_json_values(values.reshape(-1))
    return {"objects": _pack_json(objects, arrays), "shape": values.shape}


def _pack_json(values: Any, arrays: list[Array]) -> dict[str, Any]:
    """Append JSON values as text, which in contrast to a header can contain NaN."""
    text = json.dumps(values).encode()
    return pack(np.frombuffer(text, np.uint8), arrays)


class Unpacker:
    """Reads values that `pack` described, in the same order.

    Parameters
    ----------
    body : buffer
    build : callable, optional
        `Signature.build`, for rows of a table.
    max_json_bytes : int
        Longest JSON text. The parsed values can take fifty times its length in memory.
    """

    def __init__(
        self,
        body: bytearray | memoryview,
        build: Callable[[Any], Any] | None = None,
        max_json_bytes: int = sys.maxsize,
    ) -> None:
        self._body = body
        self._build = build
        self._max_json_bytes = max_json_bytes
        self._position = 0

    def unpack(self, description: Any) -> Any:
        """Return the values.

        Raises
        ------
        MalformedMessage
            The description does not match the arrays.
        """
        try:
            return self._unpack(description)
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as exc:
            raise MalformedMessage from exc

    def _unpack(self, description: dict[str, Any]) -> Any:
        if "dtype" in description:
            return self._array(description)
        if "objects" in description:
            values = self._json(description["objects"])
            objects = np.empty(len(values), dtype=object)
            objects[:] = values
            return objects.reshape(_shape(description))
        if "list" in description:
            return [self._unpack(each) for each in description["list"]]
        if self._build is None:
            raise MalformedMessage
        if "frame" in description:
            return self._build(self._unpack(description["frame"]))
        return self._build(self._json(description["columns"]))

    def _json(self, description: dict[str, Any]) -> Any:
        text = self._array(description)
        if text.nbytes > self._max_json_bytes:
            raise MalformedMessage
        return json.loads(text.tobytes())

    def _array(self, description: dict[str, Any]) -> Array:
        dtype, shape = np.dtype(description["dtype"]), _shape(description)
        has_no_unit = dtype.kind == "M" and np.datetime_data(dtype)[0] == "generic"
        if dtype.kind not in RAW_KINDS or not dtype.itemsize or has_no_unit:
            raise MalformedMessage
        if description["fortran"]:
            shape = shape[::-1]
        count = 1
        for length in shape:
            count *= length
        if not count:
            return np.empty(_shape(description), dtype)
        array = np.frombuffer(self._body, dtype, count, self._position).reshape(shape)
        self._position += array.nbytes + -array.nbytes % ALIGNMENT
        return array.T if description["fortran"] else array


def _shape(description: dict[str, Any]) -> tuple[int, ...]:
    shape = tuple(description["shape"])
    if not all(type(length) is int and length >= 0 for length in shape):
        raise MalformedMessage
    return shape
