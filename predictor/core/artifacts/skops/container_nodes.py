"""Nodes of containers: dictionaries, lists, sets, tuples and slices."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from predictor.core.artifacts.skops import trusted_types
from predictor.core.artifacts.skops.reader import Node, Reader, ReadNode, import_type
from predictor.core.artifacts.skops.writer import WriteNode, Writer, make_node
from predictor.core.errors import ArtifactError

# Allowed types of the keys of a dictionary.
PLAIN_TYPES = {str, int, float, bool, np.bool_} | {
    getattr(np, name.rpartition(".")[2])
    for name in trusted_types.SCALARS
    if name != "numpy.bool"  # NumPy 1 names it only `bool_`
}

SLICE_PARTS = ("start", "stop", "step")


def _check_plain(kind: Any) -> None:
    if not isinstance(kind, type) or kind not in PLAIN_TYPES:
        raise ArtifactError("A dictionary in the file has a key type that is not a plain type.")


def _read_dict(reader: Reader, node: Node) -> Any:
    mapping = import_type(node)()
    kinds = reader.read(node["key_types"])
    is_bunch = hasattr(mapping, "__getattr__")  # its keys are also attributes
    # skops also writes the types of keys whose values it omits.
    for kind, (text, value) in zip(kinds, node["content"].items(), strict=False):
        _check_plain(kind)
        key = kind(text)
        if is_bunch and isinstance(key, str) and key.startswith("__"):
            raise ArtifactError("A Bunch in the file has a key that is reserved.")
        mapping[key] = reader.read(value)
    return mapping


def _write_dict(writer: Writer, value: Mapping[Any, Any]) -> Node:
    content: dict[str, Node] = {}
    kinds = []
    for key, item in value.items():
        if isinstance(item, property):
            continue
        text = _encode_key(key)
        if text is None or text in content:
            raise ValueError(f"a dictionary has the key {key!r}, which cannot be read back.")
        content[text] = writer.write(item)
        kinds.append(type(key))
    return make_node(type(value), "DictNode", content=content, key_types=writer.write(kinds))


def _encode_key(key: Any) -> str | None:
    """Return a dictionary's key as a string; None if its type cannot read the string back."""
    plain = key.item() if isinstance(key, np.generic) else key
    if plain is False:
        return ""  # `bool` of any other string is true
    try:
        text = plain if isinstance(plain, str) else json.dumps(plain)
        return text if repr(type(key)(text)) == repr(key) else None
    except (TypeError, ValueError):
        return None


def _read_tuple(reader: Reader, node: Node) -> Any:
    kind, items = import_type(node), reader.read_items(node)
    return kind(*items) if hasattr(kind, "_fields") else tuple(items)


def _write_items(loader: str) -> WriteNode:
    return lambda writer, value: make_node(type(value), loader, content=writer.write_items(value))


def _write_as_list(writer: Writer, value: Any) -> Node:
    return writer.write(list(value))


def _write_slice(_writer: Writer, value: slice) -> Node:
    content = {name: getattr(value, name) for name in SLICE_PARTS}
    return make_node(slice, "SliceNode", content=content)


READERS: dict[str, ReadNode] = {
    "DictNode": _read_dict,
    "ListNode": Reader.read_items,
    "SetNode": lambda reader, node: set(reader.read_items(node)),
    "TupleNode": _read_tuple,
    "SliceNode": lambda _reader, node: slice(*map(node["content"].get, SLICE_PARTS)),
}
WRITERS: dict[str, WriteNode] = {
    "builtins.dict": _write_dict,
    "builtins.list": _write_items("ListNode"),
    "builtins.set": _write_items("SetNode"),
    "builtins.tuple": _write_items("TupleNode"),
    "builtins.slice": _write_slice,
    "collections.Counter": lambda writer, value: writer.write(dict(value)),
    "builtins.frozenset": lambda writer, value: writer.write(set(value)),
    "builtins.range": _write_as_list,
    "builtins.dict_keys": _write_as_list,
    "builtins.dict_values": _write_as_list,
    # A list of columns, which scikit-learn 1.5 and 1.6 keep in a type of its own.
    "collections.UserList": _write_as_list,
}
