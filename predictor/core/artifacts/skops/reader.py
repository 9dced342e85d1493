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
from inspect import isfunction
from typing import Any

import numpy as np

from predictor.core.artifacts.skops import trusted_types, zip_archive
from predictor.core.artifacts.skops.attributes import FUNCTION, TYPE, Attributes, is_function
from predictor.core.errors import ArtifactError

Node = dict[str, Any]

# Allowed types of the keys of a dictionary, and allowed default factories.
PLAIN_TYPES = {str, int, float, bool} | {
    getattr(np, name.rpartition(".")[2]) for name in trusted_types.SCALARS
}

# Stands for an object that is being built: nothing that skops writes holds itself.
UNFINISHED = object()


class Builder:
    """Builds what `predictor.core.artifacts.skops.audit.Schema.check` let pass, and nothing else.

    Callables and attributes are checked here, on the objects: two nodes can have one identity and
    different contents, so a check of the nodes would not be sufficient.

    Parameters
    ----------
    file : ZipFile
        The archive in which the arrays lie.
    """

    def __init__(self, file: zipfile.ZipFile) -> None:
        self.file = file
        self.built: dict[Any, Any] = {}
        self.attributes = Attributes()

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


def _type(node: Node) -> Any:
    """Return the type that a node names. A name in TRUSTED_TYPES can also be a function."""
    kind = _named(node)
    if not isinstance(kind, type):
        raise ArtifactError("An object in the file names a function where its type belongs.")
    return kind


def _check_plain(kind: Any) -> None:
    if not isinstance(kind, type) or kind not in PLAIN_TYPES:
        raise ArtifactError(
            "A dictionary in the file has a key type or default factory that is not a plain type."
        )


def _mapping(builder: Builder, node: Node) -> Any:
    mapping = _type(node)()
    kinds = builder.build(node["key_types"])
    is_bunch = hasattr(mapping, "__getattr__")  # its keys are also attributes
    # skops writes the kinds of keys whose values it leaves out, too.
    for kind, (text, value) in zip(kinds, node["content"].items(), strict=False):
        _check_plain(kind)
        key = kind(text)
        if is_bunch and isinstance(key, str) and key.startswith("__"):
            raise ArtifactError("A Bunch in the file has a key that is reserved.")
        mapping[key] = builder.build(value)
    return mapping


def _default_mapping(builder: Builder, node: Node) -> Any:
    main, factory = builder.parts(node, "main", "default_factory")
    if factory is not None:
        _check_plain(factory)
    return defaultdict(factory, main)


def _tuple(builder: Builder, node: Node) -> Any:
    kind, parts = _type(node), builder.each(node)
    return kind(*parts) if hasattr(kind, "_fields") else tuple(parts)


def _slice(_builder: Builder, node: Node) -> Any:
    return slice(*(node["content"][name] for name in ("start", "stop", "step")))


def _partial(builder: Builder, node: Node) -> Any:
    """Return a partial function, without its attributes, which no call uses."""
    function, args, keywords = builder.parts(node, "func", "args", "kwds")
    if not is_function(function) or builder.attributes.callables([args, keywords]) - {TYPE}:
        raise ArtifactError(
            "A partial in the file must wrap an allowed function, with arguments that are data."
        )
    return partial(function, *args, **keywords)


def _object(builder: Builder, node: Node) -> Any:
    kind = _type(node)
    made = kind.__new__(kind)
    content = node.get("content")
    state = None if content is None else builder.build(content)
    if state is None:
        return made
    setter = getattr(kind, "__setstate__", None)
    if isinstance(state, dict):
        builder.attributes.check(kind, state)
    elif setter is None or isfunction(setter) or builder.attributes.callables(state):
        # Compiled classes read a tuple by position. Python classes would read pairs as attributes.
        raise ArtifactError(f"The state of a {kind.__name__} must be a dictionary.")
    if setter is not None:
        setter(made, state)
    else:
        vars(made).update(state)
    return made


def _constructed(builder: Builder, node: Node) -> Any:
    args = builder.build(node["content"])
    if builder.attributes.callables(args) - {FUNCTION, TYPE}:
        raise ArtifactError(
            "An object in the file is constructed from a callable that is not a function or type."
        )
    return _type(node)(*args)


def _compiled(builder: Builder, node: Node) -> Any:
    made = _type(node)(*builder.build(node["__reduce__"]["args"]))
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
    data, mask = builder.parts(node, "data", "mask")
    if not isinstance(data, np.ndarray):
        raise TypeError("The data of a masked array is not an array.")
    return np.ma.MaskedArray(data, mask)


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
    "ConstructorFromReduceNode": _constructed,
    "TreeNode": _compiled,
    "LossNode": _compiled,
    "NdArrayNode": _array,
    "MaskedArrayNode": _masked,
    "DTypeNode": lambda builder, node: builder.build(node["content"]).dtype,
    "SparseMatrixNode": _sparse,
    "RandomStateNode": _random_state,
    "RandomGeneratorNode": _generator,
}
