"""Nodes of types, functions and objects, among them estimators and their compiled parts."""

import json
import sys
from functools import partial
from inspect import isfunction
from typing import Any

from predictor.core.artifacts.skops import attributes, fit_only, trusted_types
from predictor.core.artifacts.skops.callables import is_function
from predictor.core.artifacts.skops.reader import Node, Reader, ReadNode, import_name, import_type
from predictor.core.artifacts.skops.writer import CannotBeWritten, WriteNode, Writer, make_node
from predictor.core.errors import ArtifactError

# Requests for metadata, which refer to their estimator, are not written: served methods get no
# metadata. The tree of clusters of Birch is not written: only `partial_fit` uses it.
METADATA_REQUESTS = "sklearn.utils._metadata_requests"
BIRCH, BIRCH_TREE = "sklearn.cluster._birch", {"root_", "dummy_leaf_"}

# First item of `__reduce__` for an object whose only state is its attributes.
RECONSTRUCTOR = object().__reduce__()[0]


def _write_name(loader: str, _writer: Writer, value: Any) -> Node:
    module = getattr(value, "__module__", None) or _find_module(value)
    return {"__class__": value.__name__, "__module__": module, "__loader__": loader}


def _find_module(function: Any) -> str:
    """Return a module that contains an element-wise function, which has no `__module__`."""
    name = function.__name__
    for module_name, module in list(sys.modules.items()):
        if getattr(module, "__dict__", {}).get(name) is function and module_name != "__main__":
            return module_name
    raise ValueError(f"no module contains the function {name}.")


def _read_partial(reader: Reader, node: Node) -> Any:
    """Return a partial function, without its attributes, which no call uses."""
    function, args, keywords = reader.read_parts(node, "func", "args", "kwds")
    if not is_function(function) or reader.callables.find_kinds([args, keywords]) - {"type"}:
        raise ArtifactError(
            "A partial in the file must wrap an allowed function, with arguments that are data."
        )
    return partial(function, *args, **keywords)


def _write_partial(writer: Writer, value: Any) -> Node:
    _, _, (function, args, keywords, namespace) = value.__reduce__()
    content = writer.write_parts(func=function, args=args, kwds=keywords, namespace=namespace)
    return make_node(partial, "PartialNode", content=content)


def _read_object(reader: Reader, node: Node) -> Any:
    kind = import_type(node)
    instance = kind.__new__(kind)
    content = node.get("content")
    state = None if content is None else reader.read(content)
    if state is None:
        return instance
    setter = getattr(kind, "__setstate__", None)
    if isinstance(state, dict):
        if defaults := attributes.check(kind, state, reader.callables):
            state = state | defaults
            reader.left_out |= {f"{kind.__name__}.{name}" for name in defaults}
    elif setter is None or isfunction(setter) or reader.callables.find_kinds(state):
        # Compiled classes read a tuple by position. Python classes would read pairs as attributes.
        raise ArtifactError(f"The state of a {kind.__name__} must be a dictionary.")
    if setter is not None:
        setter(instance, state)
    else:
        vars(instance).update(state)
    return instance


def _write_object(writer: Writer, value: Any) -> Node:
    """Return a node of JSON, of a type with its arguments, or of a type with its state."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        pass  # the value is not JSON
    else:
        return make_node(str, "JsonNode", content=text, is_json=True)
    build, args, *rest = value.__reduce__()
    if build is type(value) and all(part is None for part in rest):
        return make_node(build, "ConstructorFromReduceNode", content=writer.write(args))
    state = value.__getstate__()
    if state is None and build is not RECONSTRUCTOR:
        raise ValueError(f"{type(value).__name__} has neither a state nor arguments.")
    if not isinstance(state, dict):
        return make_node(type(value), "ObjectNode", content=writer.write(state))
    state = _select_attributes(type(value), state)
    try:
        content = writer.write(state)
    except CannotBeWritten:
        content = writer.write(_replace_unwritable(writer, type(value), state))
    return make_node(type(value), "ObjectNode", content=content)


def _select_attributes(cls: type, state: dict[Any, Any]) -> dict[Any, Any]:
    """Return the attributes to write."""
    unused = BIRCH_TREE if cls.__module__ == BIRCH else set()
    return {
        name: item
        for name, item in state.items()
        if name not in unused and type(item).__module__ != METADATA_REQUESTS
    }


def _replace_unwritable(writer: Writer, cls: type, state: dict[Any, Any]) -> dict[Any, Any]:
    """Return the attributes, with defaults for those of fitting that no file can hold."""
    replaced = dict(state)
    for name, item in state.items():
        if not fit_only.is_fit_only(cls.__module__, name):
            continue
        try:
            writer.write(item)
        except CannotBeWritten:
            replaced[name] = fit_only.get_default(cls, name)
            writer.left_out.add(f"{cls.__name__}.{name}")
    return replaced


def _write_resampling_pipeline(writer: Writer, value: Any) -> Node:
    """Return the node of a pipeline without its samplers, which do nothing at prediction."""
    from sklearn.pipeline import Pipeline

    samplers = {name for name, step in value.steps if hasattr(step, "fit_resample")}
    steps = [(name, step) for name, step in value.steps if name not in samplers]
    writer.left_out |= {f"Pipeline.{name}" for name in samplers}
    return writer.write(Pipeline(**value.get_params(deep=False) | {"steps": steps}))


def _read_constructed(reader: Reader, node: Node) -> Any:
    args = reader.read(node["content"])
    if reader.callables.find_kinds(args) - {"function", "type"}:
        raise ArtifactError(
            "An object in the file is constructed from a callable that is not a function or type."
        )
    return import_type(node)(*args)


def _read_compiled(reader: Reader, node: Node) -> Any:
    instance = import_type(node)(*reader.read(node["__reduce__"]["args"]))
    if state := reader.read(node["content"]):
        instance.__setstate__(state)
    return instance


def _write_compiled(loader: str, writer: Writer, value: Any) -> Node:
    """Return the node of a tree or loss. Its `__reduce__` names its type, or Cython's function."""
    build, args, *rest = value.__reduce__()
    if build is not type(value):
        if args[0] is not type(value):
            raise ValueError(f"{type(value).__name__} does not name its type.")
        args = () if rest else args[2]
    parts = {"__reduce__": {"args": writer.write(args)}}
    return make_node(type(value), loader, **parts, content=writer.write(rest[0] if rest else {}))


def _reject(_writer: Writer, value: Any) -> Node:
    name = f" ({value.__qualname__})" if hasattr(value, "__qualname__") else ""
    raise ValueError(
        f"a file must not contain a {type(value).__name__}{name}. Use a function of a module that "
        "the server can import, and add its full name to the server's setting TRUSTED_TYPES."
    )


READERS: dict[str, ReadNode] = {
    "JsonNode": lambda _reader, node: json.loads(node["content"]),
    "TypeNode": lambda _reader, node: import_name(node),
    "FunctionNode": lambda _reader, node: import_name(node),
    "PartialNode": _read_partial,
    "ObjectNode": _read_object,
    "ConstructorFromReduceNode": _read_constructed,
    "TreeNode": _read_compiled,
    "LossNode": _read_compiled,
}
WRITERS: dict[str, WriteNode] = {
    "builtins.type": partial(_write_name, "TypeNode"),
    "builtins.builtin_function_or_method": partial(_write_name, "TypeNode"),
    "builtins.function": partial(_write_name, "FunctionNode"),
    "numpy._ArrayFunctionDispatcher": partial(_write_name, "FunctionNode"),
    "numpy.ufunc": partial(_write_name, "FunctionNode"),
    "functools.partial": _write_partial,
    "builtins.object": _write_object,
    "imblearn.pipeline.Pipeline": _write_resampling_pipeline,
    "sklearn.tree._tree.Tree": partial(_write_compiled, "TreeNode"),
    "sklearn._loss._loss.CyLossFunction": partial(_write_compiled, "LossNode"),
    "sklearn._loss._loss.CyHalfMultinomialLoss": partial(_write_compiled, "LossNode"),
    # Of scikit-learn 1.5 and older.
    "sklearn.linear_model._sgd_fast.LossFunction": partial(_write_compiled, "LossNode"),
    **dict.fromkeys(("builtins.method", "builtins.method_descriptor"), _reject),
    **dict.fromkeys(trusted_types.CALLERS, _reject),
}
