"""The description of objects that a skops file holds, written as skops writes it.

skops lists the types that it trusts when it is imported, for which it imports all of scikit-learn:
a second, which nothing that is written needs. What is written here, skops reads.

References
----------
https://skops.readthedocs.io/en/stable/persistence.html; the nodes of skops.io, version 2 of the
format.
"""

import io
import json
import sys
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

Node = dict[str, Any]


class Writer:
    """Describes objects, and puts their arrays into an archive.

    Parameters
    ----------
    file : ZipFile
        An archive to be written to.
    """

    def __init__(self, file: zipfile.ZipFile) -> None:
        self.file = file
        # Each is kept: an object of the same address would be taken for it.
        self.seen: dict[int, tuple[int, Any]] = {}
        self.members: set[str] = set()

    def write(self, value: Any) -> Node:
        """Return the node of an object; the same object has the same identity wherever it is.

        Raises
        ------
        Exception
            Of any kind, where an object has no description.
        """
        node = _describing(type(value))(self, value)
        return node | {"__id__": self.identity(value)}

    def identity(self, value: Any) -> int:
        """Return the number of an object, from 1."""
        return self.seen.setdefault(id(value), (len(self.seen) + 1, value))[0]

    def each(self, values: Any) -> list[Node]:
        """Return the nodes of several objects."""
        return [self.write(value) for value in values]

    def parts(self, **parts: Any) -> dict[str, Node]:
        """Return the nodes of several objects, under their names."""
        return {name: self.write(part) for name, part in parts.items()}

    def member(self, value: Any, suffix: str, fill: Callable[[io.BytesIO], object]) -> str:
        """Put the content of an object into the archive, once; return the name of the member."""
        name = f"{self.identity(value)}.{suffix}"
        if name not in self.members:
            self.members.add(name)
            buffer = io.BytesIO()
            fill(buffer)
            self.file.writestr(name, buffer.getvalue())
        return name


def _node(kind: type, loader: str, **rest: Any) -> Node:
    return {
        "__class__": kind.__name__,
        "__module__": kind.__module__,
        "__loader__": loader,
        **rest,
    }


def _content(loader: str) -> Callable[[Writer, Any], Node]:
    """Return what describes an object by a list of others."""
    return lambda writer, value: _node(type(value), loader, content=writer.each(value))


def _mapping(writer: Writer, value: Mapping[Any, Any]) -> Node:
    content: dict[str, Node] = {}
    kinds = []
    for key, item in value.items():
        if isinstance(item, property):
            continue
        text = _key(key)
        if text is None or text in content:
            raise ValueError(f"a dictionary has the key {key!r}, which a file does not give back.")
        content[text] = writer.write(item)
        kinds.append(type(key))
    return _node(type(value), "DictNode", content=content, key_types=writer.write(kinds))


def _key(key: Any) -> str | None:
    """Return a dictionary's key as JSON has it; nothing where its type does not read it back."""
    plain = key.item() if isinstance(key, np.generic) else key
    if plain is False:
        return ""  # of all texts the one that is false
    try:
        text = plain if isinstance(plain, str) else json.dumps(plain)
        return text if repr(type(key)(text)) == repr(key) else None
    except (TypeError, ValueError):
        return None


def _default_mapping(writer: Writer, value: Any) -> Node:
    content = writer.parts(main=dict(value), default_factory=value.default_factory)
    return _node(type(value), "DefaultDictNode", content=content)


def _slice(_writer: Writer, value: slice) -> Node:
    content = {"start": value.start, "stop": value.stop, "step": value.step}
    return _node(slice, "SliceNode", content=content)


def _bytes(loader: str) -> Callable[[Writer, Any], Node]:
    return lambda writer, value: _node(
        type(value), loader, file=writer.member(value, "bin", lambda buffer: buffer.write(value))
    )


def _named(loader: str) -> Callable[[Writer, Any], Node]:
    """Return what describes a type or a function, which has a name in a module."""

    def described(_writer: Writer, value: Any) -> Node:
        module = getattr(value, "__module__", None) or _module_of(value)
        return {"__class__": value.__name__, "__module__": module, "__loader__": loader}

    return described


def _module_of(function: Any) -> str:
    """Return the first module in which an element-wise function stands: it does not say."""
    name = function.__name__
    for module_name, module in list(sys.modules.items()):
        held = getattr(module, "__dict__", {})
        if held.get(name) is function and module_name != "__main__":
            return module_name
    raise ValueError(f"the function {name} stands in no module.")


def _partial(writer: Writer, value: Any) -> Node:
    _, _, (function, args, keywords, namespace) = value.__reduce__()
    content = writer.parts(func=function, args=args, kwds=keywords, namespace=namespace)
    return _node(partial, "PartialNode", content=content)


def _array(writer: Writer, value: Any) -> Node:
    """Return the node of an array or a scalar; the items of an array of objects are nodes."""
    if value.dtype == object and not value.ndim:
        raise ValueError("an array of objects has no dimension.")
    if value.dtype == object:
        items = writer.each(value.tolist())
        shape = writer.write(value.shape)
        return _node(type(value), "NdArrayNode", content=items, type="json", shape=shape)
    name = writer.member(value, "npy", lambda file: np.save(file, value, allow_pickle=False))
    return _node(type(value), "NdArrayNode", type="numpy", file=name)


def _masked(writer: Writer, value: Any) -> Node:
    content = writer.parts(data=value.data, mask=value.mask)
    return _node(type(value), "MaskedArrayNode", content=content)


def _dtype(writer: Writer, value: Any) -> Node:
    return _node(np.dtype, "DTypeNode", content=writer.write(np.ndarray(0, dtype=value)))


def _random_state(writer: Writer, value: Any) -> Node:
    state = writer.write(value.get_state(legacy=False))
    return _node(type(value), "RandomStateNode", content=state)


def _generator(writer: Writer, value: Any) -> Node:
    bits = value.bit_generator
    content = writer.parts(bit_generator=bits.state, seed_seq=bits.seed_seq.state)
    return _node(type(value), "RandomGeneratorNode", content=content)


def _sparse(writer: Writer, value: Any) -> Node:
    from scipy.sparse import save_npz

    name = writer.member(value, "npz", lambda file: save_npz(file, value))
    return _node(type(value), "SparseMatrixNode", type="scipy", file=name)


def _tree(writer: Writer, value: Any) -> Node:
    """Return the node of what is built by its type, and then given its state."""
    _, args, state = value.__reduce__()
    return _compiled(writer, value, "TreeNode", args, state)


def _loss(writer: Writer, value: Any) -> Node:
    """Return the node of a loss: it is built by its type, or by Cython of a type and a state."""
    kind, args, *rest = value.__reduce__()
    if kind is not type(value):
        if args[0] is not type(value):
            raise ValueError(f"the loss {type(value).__name__} says not how it is built.")
        args = () if rest else args[2]
    return _compiled(writer, value, "LossNode", args, rest[0] if rest else {})


def _compiled(writer: Writer, value: Any, loader: str, args: Any, state: Any) -> Node:
    node = _node(type(value), loader, __reduce__={"args": writer.write(args)})
    return node | {"content": writer.write(state)}


def _object(writer: Writer, value: Any) -> Node:
    """Return the node of JSON, of what its type builds of arguments, or of what has a state."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        pass  # it is none
    else:
        return _node(str, "JsonNode", content=text, is_json=True)
    build, args, *rest = value.__reduce__()
    if build is type(value) and all(part is None for part in rest):
        return _node(build, "ConstructorFromReduceNode", content=writer.write(args))
    state = value.__getstate__()
    if state is None and build is not PLAIN:
        raise ValueError(f"{type(value).__name__} keeps to itself how it is built.")
    return _node(type(value), "ObjectNode", content=writer.write(state))


def _refused(_writer: Writer, value: Any) -> Node:
    """Refuse what calls something else than itself."""
    raise ValueError(f"a file holds no {type(value).__name__}.")


def _birch(writer: Writer, value: Any) -> Node:
    """Return the node of a Birch, without the tree of its clusters: only more fitting reads it."""
    state = value.__getstate__()
    kept = {name: held for name, held in state.items() if name not in ("root_", "dummy_leaf_")}
    return _node(type(value), "ObjectNode", content=writer.write(kept))


# Builds what has no state of its own.
PLAIN = object().__reduce__()[0]

# By the name of a type or of the nearest one that it comes from, which need not be imported.
WRITERS: dict[str, Callable[[Writer, Any], Node]] = {
    "builtins.dict": _mapping,
    "builtins.list": _content("ListNode"),
    "builtins.set": _content("SetNode"),
    "builtins.tuple": _content("TupleNode"),
    "builtins.slice": _slice,
    "builtins.bytes": _bytes("BytesNode"),
    "builtins.bytearray": _bytes("BytearrayNode"),
    "builtins.type": _named("TypeNode"),
    "builtins.object": _object,
    "builtins.method": _refused,
    "operator.attrgetter": _refused,
    "operator.itemgetter": _refused,
    "operator.methodcaller": _refused,
    "numpy.ma.MaskedArray": _masked,
    "sklearn.tree._tree.Tree": _tree,
    "sklearn._loss._loss.CyLossFunction": _loss,
    "sklearn._loss._loss.CyHalfMultinomialLoss": _loss,
    "sklearn.cluster._birch.Birch": _birch,
    "scipy.sparse._matrix.spmatrix": _sparse,
    "scipy.sparse._base.sparray": _sparse,
    **{
        f"{kind.__module__}.{kind.__qualname__}": describe
        for kind, describe in (
            (defaultdict, _default_mapping),
            (partial, _partial),
            (FunctionType, _named("FunctionNode")),
            (type(len), _named("TypeNode")),
            (type(np.mean), _named("FunctionNode")),
            (np.ufunc, _named("FunctionNode")),
            (np.generic, _array),
            (np.ndarray, _array),
            (np.ma.MaskedArray, _masked),
            (np.dtype, _dtype),
            (np.random.RandomState, _random_state),
            (np.random.Generator, _generator),
        )
    },
}


def _describing(kind: type) -> Callable[[Writer, Any], Node]:
    names = (f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__)
    return next(WRITERS[name] for name in names if name in WRITERS)
