"""The objects that a skops file describes, built as skops builds them.

skops lists the types that it trusts when it is imported, for which it imports all of scikit-learn.
A file's types are checked here by other lists, so that loading imports what the file names alone.

References
----------
https://skops.readthedocs.io/en/stable/persistence.html; the nodes of skops.io, version 2 of the
format.
"""

import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from predictor.core.artifacts.skops import zip_archive

Node = dict[str, Any]

# Stands for an object that is being built: nothing that skops writes holds itself.
UNFINISHED = object()


class Builder:
    """Builds what `predictor.core.artifacts.skops.audit.Schema.check` let pass, and nothing else.

    Parameters
    ----------
    file : ZipFile
        The archive in which the arrays lie.
    """

    def __init__(self, file: zipfile.ZipFile) -> None:
        self.file = file
        self.built: dict[Any, Any] = {}

    def build(self, node: Node) -> Any:
        """Return the object that a node describes: the same for each mention of an identity.

        Raises
        ------
        Exception
            Of any kind, where the parts do not fit.
        """
        make, identity = LOADERS[node["__loader__"]], node.get("__id__")
        if not identity:
            return make(self, node)
        if identity not in self.built:
            self.built[identity] = UNFINISHED
            self.built[identity] = make(self, node)
        if self.built[identity] is UNFINISHED:
            raise ValueError("An object in the file holds itself.")
        return self.built[identity]

    def parts(self, node: Node, *names: str) -> list[Any]:
        """Return the objects under some names of a node's content."""
        return [self.build(node["content"][name]) for name in names]

    def each(self, node: Node) -> list[Any]:
        """Return the objects in a node's content, in order."""
        return list(map(self.build, node["content"]))

    def stream(self, node: Node) -> io.BytesIO:
        """Return the member of the archive that a node names."""
        return io.BytesIO(zip_archive.read(self.file, node["file"]))


def _named(node: Node) -> Any:
    return getattr(import_module(node["__module__"]), node["__class__"])


def _mapping(builder: Builder, node: Node) -> Any:
    mapping = _named(node)()
    kinds = builder.build(node["key_types"])
    # skops writes the kinds of keys whose values it leaves out, too.
    for kind, (key, value) in zip(kinds, node["content"].items(), strict=False):
        mapping[kind(key)] = builder.build(value)
    return mapping


def _default_mapping(builder: Builder, node: Node) -> Any:
    main, factory = builder.parts(node, "main", "default_factory")
    return defaultdict(factory, main)


def _tuple(builder: Builder, node: Node) -> Any:
    kind, parts = _named(node), builder.each(node)
    return kind(*parts) if hasattr(kind, "_fields") else tuple(parts)


def _slice(_builder: Builder, node: Node) -> Any:
    return slice(*(node["content"][name] for name in ("start", "stop", "step")))


def _partial(builder: Builder, node: Node) -> Any:
    function, args, keywords, namespace = builder.parts(node, "func", "args", "kwds", "namespace")
    made = partial(function, *args, **keywords)
    if namespace:
        vars(made).update(namespace)
    return made


def _object(builder: Builder, node: Node) -> Any:
    kind = _named(node)
    made = kind.__new__(kind)
    content = node.get("content")
    state = None if content is None else builder.build(content)
    if state is not None and hasattr(made, "__setstate__"):
        made.__setstate__(state)
    elif state is not None:
        vars(made).update(state)
    return made


def _compiled(builder: Builder, node: Node) -> Any:
    made = _named(node)(*builder.build(node["__reduce__"]["args"]))
    if state := builder.build(node["content"]):
        made.__setstate__(state)
    return made


def _array(builder: Builder, node: Node) -> Any:
    """Return an array or a scalar; the items of an array of objects stand in the schema."""
    if node["type"] == "numpy":
        array = np.load(builder.stream(node), allow_pickle=False)
        kind = _named(node)
        return array if kind is np.ndarray else kind(array)
    items = builder.each(node)
    if len(builder.build(node["shape"])) != 1:
        return np.array(items, dtype="O")
    array = np.empty(len(items), dtype="O")
    for place, item in enumerate(items):  # at once, NumPy would look into items that are lists
        array[place] = item
    return array


def _masked(builder: Builder, node: Node) -> Any:
    return np.ma.MaskedArray(*builder.parts(node, "data", "mask"))


def _sparse(builder: Builder, node: Node) -> Any:
    from scipy.sparse import load_npz

    return load_npz(builder.stream(node))


def _random_state(builder: Builder, node: Node) -> Any:
    state = np.random.RandomState()
    state.set_state(builder.build(node["content"]))
    return state


def _generator(builder: Builder, node: Node) -> Any:
    state, seeds = builder.parts(node, "bit_generator", "seed_seq")
    kind = getattr(np.random, state["bit_generator"])
    if not issubclass(kind, np.random.BitGenerator):
        raise TypeError("A generator's bits come from no generator of NumPy.")
    bits = kind(np.random.SeedSequence(**seeds))
    bits.state = state
    return np.random.Generator(bits)


LOADERS: dict[str, Callable[[Builder, Node], Any]] = {
    "DictNode": _mapping,
    "DefaultDictNode": _default_mapping,
    "ListNode": lambda builder, node: _named(node)(builder.each(node)),
    "SetNode": lambda builder, node: _named(node)(builder.each(node)),
    "TupleNode": _tuple,
    "SliceNode": _slice,
    "BytesNode": lambda builder, node: builder.stream(node).getvalue(),
    "BytearrayNode": lambda builder, node: bytearray(builder.stream(node).getvalue()),
    "JsonNode": lambda _builder, node: json.loads(node["content"]),
    "TypeNode": lambda _builder, node: _named(node),
    "FunctionNode": lambda _builder, node: _named(node),
    "PartialNode": _partial,
    "ObjectNode": _object,
    "ConstructorFromReduceNode": lambda builder, node: _named(node)(
        *builder.build(node["content"])
    ),
    "TreeNode": _compiled,
    "LossNode": _compiled,
    "NdArrayNode": _array,
    "MaskedArrayNode": _masked,
    "DTypeNode": lambda builder, node: builder.build(node["content"]).dtype,
    "SparseMatrixNode": _sparse,
    "RandomStateNode": _random_state,
    "RandomGeneratorNode": _generator,
}
