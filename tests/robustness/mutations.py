"""Random changes of model files: of every node and array of a skops file, of every ONNX field."""

import io
import json
import math
import random
import warnings
from contextlib import suppress
from copy import deepcopy

import numpy as np
import scipy.sparse
from google.protobuf.descriptor import FieldDescriptor

from predictor.core.artifacts.onnx.allow_list import OPERATORS
from tests.predictor.core.hostile import json_node, node, pack, read_members

# Mutations of one file: mostly one, so that a rejected one does not hide others.
NUMBERS_OF_MUTATIONS = (1, 1, 1, 2, 3)

NUMBERS = (
    *(0, 1, -1, 2, 3, 7, 255, 256, 10**3, 10**6, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, 2**64),
    *(0.0, -0.0, 0.5, -1.5, 1e-320, 1e39, 1e308, float("inf"), float("-inf"), float("nan")),
)
TEXTS = (
    "",
    "predict",
    "_validate_X_predict",
    "transform",
    "auto",
    "tofile",
    "__class__",
    "\0",
    "é",
)
JSON_VALUES = (None, True, False, *NUMBERS, *TEXTS, [], [1], {}, {"a": 1})

HIDDEN = (
    *("predict", "predict_proba", "transform", "decision_function", "score_samples"),
    *("_validate_X_predict", "_validate_data", "get_params", "fit", "__class__", "__dict__"),
    *("__sklearn_tags__", "_check_n_features", "_parameter_constraints", "_more_tags", "classes_"),
    *("_n_features_out", "dtype", "shape", "__array__", "n_features_in_", "feature_names_in_"),
)

DTYPES = (
    "?",
    "i1",
    "u1",
    "i4",
    "i8",
    "u8",
    "f2",
    "f4",
    "f8",
    "g",
    "c16",
    "U3",
    "S2",
    "M8[ns]",
    "V4",
)

LAYOUTS = ("csr", "csc", "coo", "dia", "bsr")

# Types and functions that a node may name instead of its own.
NAMES = (
    *(("builtins", "int"), ("builtins", "bool"), ("builtins", "str"), ("builtins", "list")),
    *(("numpy", "float32"), ("numpy", "longdouble"), ("numpy", "complex128"), ("numpy", "mean")),
    *(("numpy", "ndarray"), ("collections", "defaultdict"), ("collections", "OrderedDict")),
    *(
        ("sklearn.metrics._classification", "accuracy_score"),
        ("numpy", "exp"),
        ("builtins", "eval"),
    ),
    *(("sklearn.linear_model._logistic", "LogisticRegression"), ("sklearn.utils._bunch", "Bunch")),
    *(("sklearn.tree._classes", "DecisionTreeClassifier"), ("sklearn.svm._classes", "SVC")),
    *(("functools", "partial"), ("operator", "attrgetter"), ("os", "system")),
)


def mutate_skops(data, rng):
    """Return a skops file with a few changes."""
    members = read_members(data)
    schema = json.loads(members["schema.json"])
    for _ in range(rng.choice(NUMBERS_OF_MUTATIONS)):
        arrays = [name for name in members if name.endswith((".npy", ".npz"))]
        with suppress(AttributeError, KeyError, TypeError, ValueError):  # it is damaged already
            if arrays and rng.random() < 0.5:
                name = rng.choice(arrays)
                members[name] = _mutate_member(name, members[name], rng)
            else:
                rng.choice(SCHEMA_MUTATIONS)(schema, rng)
    return pack(members | {"schema.json": json.dumps(schema).encode()})


def _mutate_member(name, content, rng):
    buffer = io.BytesIO()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if name.endswith(".npz"):
            arrays = dict(np.load(io.BytesIO(content), allow_pickle=True))
            _mutate_sparse(arrays, rng)
            np.savez(buffer, **arrays)
        else:
            array = np.load(io.BytesIO(content), allow_pickle=True)  # it can be mutated already
            np.save(buffer, _mutate_array(array, rng), allow_pickle=True)
    return buffer.getvalue()


def _mutate_sparse(arrays, rng):
    """Change the layout or one of the arrays of a sparse matrix."""
    if rng.random() < 0.3 and arrays.get("format") in (b"csr", b"csc"):
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        try:
            matrix = scipy.sparse.load_npz(io.BytesIO(buffer.getvalue()))
        except (ValueError, TypeError):
            return  # an earlier mutation has damaged it
        buffer = io.BytesIO()
        scipy.sparse.save_npz(buffer, matrix.asformat(rng.choice(LAYOUTS)))
        arrays.clear()
        arrays.update(np.load(io.BytesIO(buffer.getvalue())))
        return
    name = rng.choice([*arrays, "indptr", "indices"])
    if name == "indptr" and rng.random() < 0.5:
        arrays[name] = arrays[name][::-1].copy()
    elif name == "format":
        arrays[name] = np.array(rng.choice(LAYOUTS).encode())
    else:
        arrays[name] = _mutate_array(arrays[name], rng)


def _mutate_array(array, rng):
    if array.dtype.names:
        array = array.copy()
        name = rng.choice(array.dtype.names)
        array[name] = np.resize(_change_values(array[name], rng), array[name].shape)
        return array if rng.random() < 0.9 else array[: len(array) // 2]
    return rng.choice((_change_values, _change_values, _change_shape, _change_dtype))(array, rng)


def _change_values(array, rng):
    array = array.copy()
    if not array.size:
        return np.zeros(3)
    flat = array.reshape(-1)
    choice = rng.randrange(5)
    if choice == 0:
        flat = flat[rng.sample(range(len(flat)), len(flat))]
    elif choice == 1 and array.dtype.kind in "if":
        flat = -flat
    elif choice == 2:
        flat[:] = flat[rng.randrange(len(flat))]
    else:
        where = slice(None) if choice == 3 else rng.randrange(len(flat))
        value = rng.choice(TEXTS if array.dtype.kind in "US" else NUMBERS)
        try:
            flat[where] = value
        except (OverflowError, ValueError, TypeError):
            flat[where] = flat[0]
    return flat.reshape(array.shape)


def _change_shape(array, rng):
    length = array.shape[0] if array.ndim else 0
    changes = [
        lambda: array[: length // 2],
        lambda: array[:0],
        lambda: np.concatenate([array, array]),
        lambda: array.T,
        lambda: array.reshape(-1),
        lambda: array[None],
        lambda: array[..., None],
        lambda: array.reshape(-1)[:1].reshape(()),
        lambda: np.asfortranarray(array),
        lambda: array[..., : array.shape[-1] // 2],
        lambda: np.resize(array, (max(length, 1), 1000)),
    ]
    try:
        return rng.choice(changes)()
    except (ValueError, IndexError):
        return np.zeros((2, 2))


def _change_dtype(array, rng):
    dtype = rng.choice((*DTYPES, object))
    try:
        return array.astype(dtype)
    except (ValueError, TypeError, OverflowError, RuntimeError):
        return np.zeros(array.shape, dtype)


def mutate_compiled(data, rng):
    """Return a compiled estimator with changed arrays or values of its description."""
    arrays = dict(np.load(io.BytesIO(data)))
    description = json.loads(arrays.pop("description").tobytes())
    buffer = io.BytesIO()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for _ in range(rng.choice(NUMBERS_OF_MUTATIONS)):
            name = rng.choice([*arrays, None])
            if name is None:
                _change_value(description["estimator"], rng)
            else:
                arrays[name] = _mutate_array(arrays[name], rng)
        arrays["description"] = np.frombuffer(json.dumps(description).encode(), np.uint8)
        np.savez(buffer, **arrays)
    return buffer.getvalue()


def _change_value(value, rng):
    """Replace a random value in nested JSON."""
    while True:
        key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        if not isinstance(value[key], dict | list) or not value[key] or rng.random() < 0.2:
            value[key] = deepcopy(rng.choice(JSON_VALUES))  # a later change can be in it
            return
        value = value[key]


def _nodes(value, kind=None):
    """Return the nodes in a schema, of one loader or of all."""
    found, pending = [], [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if "__loader__" in item and (kind is None or item["__loader__"] == kind):
                found.append(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return found


def _choose(schema, rng, kind=None):
    return rng.choice(_nodes(schema, kind) or [schema])


def _replace(target, source):
    """Copy the content of a node into the target, which keeps the protocol of the file."""
    protocol = target.get("protocol")
    source = deepcopy(source)
    target.clear()
    target.update(source)
    target.pop("protocol", None)
    if protocol is not None:
        target["protocol"] = protocol
    target.pop("__id__", None)


def _change_json(schema, rng):
    target = _choose(schema, rng, "JsonNode")
    if target["__loader__"] == "JsonNode":
        target["content"] = json.dumps(rng.choice(JSON_VALUES))
        target.pop("__id__", None)


def _replace_by_json(schema, rng):
    _replace(_choose(schema, rng), json_node(json.dumps(rng.choice(JSON_VALUES))))


def _swap(schema, rng):
    first, second = _choose(schema, rng), _choose(schema, rng)
    if first not in _nodes(second) and second not in _nodes(first):
        copy = deepcopy(first)
        _replace(first, second)
        _replace(second, copy)


def _swap_arrays(schema, rng):
    first, second = (_choose(schema, rng, "NdArrayNode") for _ in range(2))
    if "file" in first and "file" in second:
        first["file"], second["file"] = second["file"], first["file"]


def _copy(schema, rng):
    _replace(_choose(schema, rng), _choose(schema, rng))


def _rename_type(schema, rng):
    target = _choose(schema, rng)
    target["__module__"], target["__class__"] = rng.choice(NAMES)


def _change_loader(schema, rng):
    target = _choose(schema, rng)
    target["__loader__"] = _choose(schema, rng)["__loader__"]


def _change_keys(schema, rng):
    """Remove, rename or add an attribute of an object, or an item of a dictionary."""
    target = _choose(schema, rng, "DictNode")
    if target["__loader__"] != "DictNode" or not isinstance(target.get("content"), dict):
        return
    if not target["content"]:
        return
    types = target.get("key_types", {}).get("content")
    content, name = target["content"], rng.choice(list(target["content"]))
    choice = rng.randrange(4)
    if choice == 0:
        del content[name]
    elif choice == 1:
        content[rng.choice(HIDDEN)] = content.pop(name)
    else:
        content[rng.choice(HIDDEN)] = deepcopy(_choose(schema, rng))
        if isinstance(types, list):
            types.append(node("TypeNode", "builtins", "str"))


def _change_key_type(schema, rng):
    target = _choose(schema, rng, "DictNode")
    types = target.get("key_types", {}).get("content")
    if types and isinstance(types, list):
        module, name = rng.choice(NAMES)
        types[rng.randrange(len(types))] = node("TypeNode", module, name)


def _make_default(schema, rng):
    """Make a dictionary invent values."""
    target = _choose(schema, rng, "DictNode")
    main = deepcopy(target)
    main.pop("protocol", None)
    content = {
        "main": main,
        "default_factory": node("TypeNode", "builtins", rng.choice(("int", "list"))),
    }
    _replace(target, node("DefaultDictNode", "collections", "defaultdict", content=content))


SCHEMA_MUTATIONS = (
    *(_change_json, _change_json, _change_json, _replace_by_json, _replace_by_json, _swap),
    *(_swap_arrays, _copy, _rename_type, _change_loader, _change_keys, _change_keys),
    *(_change_key_type, _make_default),
)


def mutate_onnx(model, rng):
    """Return the bytes of an ONNX model with a few changed fields, or with a changed byte."""
    model = deepcopy(model)
    for _ in range(rng.choice(NUMBERS_OF_MUTATIONS)):
        with suppress(ValueError):  # a value that the field does not accept
            _mutate_message(rng.choice(_messages(model)), rng)
    data = bytearray(model.SerializePartialToString())
    if rng.random() < 0.2:
        data[rng.randrange(len(data))] = rng.randrange(256)
    if rng.random() < 0.1:
        data += data[: rng.randrange(len(data))]  # repeated fields
    return bytes(data)


def _messages(message):
    found = [message]
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for part in value if field.is_repeated else [value]:
                found += _messages(part)
    return found


def _mutate_message(message, rng):
    """Change, repeat, set or remove a random field of a message."""
    field = rng.choice(message.DESCRIPTOR.fields)
    if rng.random() < 0.7 and message.ListFields():
        field = rng.choice(message.ListFields())[0]
    if rng.random() < 0.2:
        message.ClearField(field.name)
        return
    value = getattr(message, field.name)
    if field.type == field.TYPE_MESSAGE:
        part = value.add() if field.is_repeated else value
        part.SetInParent()
        if field.is_repeated and len(value) > 1:
            part.CopyFrom(value[rng.randrange(len(value) - 1)])
    elif not field.is_repeated:
        setattr(message, field.name, _value(field, rng))
    elif value and rng.random() < 0.7:
        value[rng.randrange(len(value))] = _value(field, rng)
    else:
        value.extend([_value(field, rng)] * rng.choice((1, 1, 3)))


def _value(field, rng):
    kinds = FieldDescriptor
    if field.cpp_type in (kinds.CPPTYPE_FLOAT, kinds.CPPTYPE_DOUBLE):
        return float(
            rng.choice([number for number in NUMBERS if not 1e38 < abs(number) < math.inf])
        )
    if field.type == kinds.TYPE_STRING:
        return rng.choice(
            (*TEXTS, "Loop", "Expand", "Scan", "If", "X", "label", *sorted(OPERATORS))
        )
    if field.type == kinds.TYPE_BYTES:
        return rng.choice((b"", b"\0" * 8, b"BRANCH_LEQ", b"LEAF", b"SOFTMAX", b"\xff" * 16))
    if field.type == kinds.TYPE_ENUM:
        return rng.choice(field.enum_type.values).number
    if field.cpp_type in (kinds.CPPTYPE_INT32, kinds.CPPTYPE_UINT32):
        return (
            rng.choice((0, 1, -1, 7, 8, 11, 2**31 - 1))
            if field.cpp_type == kinds.CPPTYPE_INT32
            else 1
        )
    return (
        rng.choice((0, 1, 2, -1, 3, 7, 1000, 2**31, 2**62))
        if field.cpp_type == kinds.CPPTYPE_INT64
        else 1
    )


def make_random(seed, number):
    """Return the random numbers of a mutation: each one can be repeated alone."""
    return random.Random(f"{seed}-{number}")  # noqa: S311 - not for cryptography
