"""Model files as an attacker writes them, made from valid files."""

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import skops.io
from sklearn.base import BaseEstimator

Members = dict[str, bytes]


def node(loader: str, module: str, name: str, **more: Any) -> dict[str, Any]:
    """Return the node of an object in a skops file."""
    return {"__loader__": loader, "__module__": module, "__class__": name, **more}


def json_node(value: str) -> dict[str, Any]:
    """Return the node of a JSON value."""
    return node("JsonNode", "builtins", "str", content=value, is_json=True)


def list_node(*nodes: dict[str, Any]) -> dict[str, Any]:
    """Return the node of a list."""
    return node("ListNode", "builtins", "list", content=list(nodes))


def tuple_node(*nodes: dict[str, Any]) -> dict[str, Any]:
    """Return the node of a tuple."""
    return node("TupleNode", "builtins", "tuple", content=list(nodes))


def read_members(data: bytes) -> Members:
    """Return the members of an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def pack(parts: Members, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive of members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return buffer.getvalue()


def rewrite_schema(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return a skops file with a changed schema."""
    parts = read_members(data)
    schema = json.loads(parts["schema.json"])
    change(schema)
    return pack(parts | {"schema.json": json.dumps(schema).encode()})


def add_attribute(data: bytes, attribute: dict[str, Any]) -> bytes:
    """Return a skops file whose estimator has one more attribute."""

    def change(schema: dict[str, Any]) -> None:
        state = schema["content"]
        state["content"]["extra"] = attribute
        # A reader ignores values without the type of their key.
        state["key_types"]["content"].append(node("TypeNode", "builtins", "str"))

    return rewrite_schema(data, change)


def save_damaged(estimator: BaseEstimator, change: Callable[[Any], None]) -> bytes:
    """Return a file of a copy of an estimator whose attributes were changed."""
    copy = deepcopy(estimator)
    change(copy)
    return skops.io.dumps(copy)


def change_arrays(data: bytes, field: str, change: Callable[[Any], Any]) -> bytes:
    """Return a skops file in which all arrays with a field are changed."""
    parts = read_members(data)
    for name, content in parts.items():
        if name.endswith(".npy"):
            array = np.load(io.BytesIO(content))
            if field in (array.dtype.names or ()):
                buffer = io.BytesIO()
                np.save(buffer, change(array.copy()))
                parts[name] = buffer.getvalue()
    return pack(parts)


def make_bomb(data: bytes) -> bytes:
    """Return a small file with 80 MB of zeros, written in parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in read_members(data).items():
            file.writestr(name, content)
        with file.open("zeros.npy", "w") as member:
            for _ in range(80):
                member.write(bytes(1024**2))
    assert len(buffer.getvalue()) < 100_000
    return buffer.getvalue()


def break_checksum(data: bytes) -> bytes:
    """Return a file with two changed bytes in an array, as after a disk error."""
    parts = read_members(data)
    content = next(c for name, c in parts.items() if name.endswith(".npy") and len(c) > 160)
    place = data.index(content) + len(content) - 3
    swapped = bytearray(data)
    swapped[place], swapped[place + 1] = swapped[place] ^ 0xFF, swapped[place + 1] ^ 0xFF
    assert zlib.crc32(content) != zlib.crc32(bytes(swapped[data.index(content) :][: len(content)]))
    return bytes(swapped)
