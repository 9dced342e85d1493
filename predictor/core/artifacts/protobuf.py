"""Just enough of protocol buffers to look into an ONNX file before anything runs it.

References
----------
https://protobuf.dev/programming-guides/encoding/
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from collections import defaultdict
from typing import Any

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10


def message(data: bytes) -> dict[int, list[Any]]:
    """Return the values of each numbered field: integers, or bytes.

    Raises
    ------
    ValueError
        The bytes are no message.
    """
    fields: dict[int, list[Any]] = defaultdict(list)
    place = 0
    while place < len(data):
        key, place = varint(data, place)
        kind = key & 7
        value: int | bytes
        if kind == VARINT:
            value, place = varint(data, place)
        else:
            sizes = {FIXED64: 8, FIXED32: 4}
            size = sizes.get(kind, 0)
            if kind == BYTES:
                size, place = varint(data, place)
            elif not size:
                raise ValueError("A field is of no kind that there is.")
            if place + size > len(data):
                raise ValueError("A field is longer than its message.")
            value, place = data[place : place + size], place + size
        fields[key >> 3].append(value)
    return fields


def varint(data: bytes, place: int) -> tuple[int, int]:
    """Return the integer at a place, and the place after it."""
    value = 0
    for position in range(LONGEST_VARINT):
        if place + position >= len(data):
            break
        byte = data[place + position]
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number has no continuation bit
            return value, place + position + 1
    raise ValueError("A number does not end.")


def integers(values: list[Any]) -> list[int]:
    """Return the signed integers of a repeated field, packed or not."""
    found: list[int] = []
    for value in values:
        if isinstance(value, int):
            found.append(value)
            continue
        place = 0
        while place < len(value):
            number, place = varint(value, place)
            found.append(number)
    return [value - 2**64 if value >= 2**63 else value for value in found]
