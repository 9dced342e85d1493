"""Compiled estimators to bytes and back: a NumPy archive of arrays and a JSON description.

Nothing is unpickled: a file builds the classes of this package from arrays, numbers and strings.
A confined process that a model file may control has written it. Therefore each field is checked
against its annotation; `onnx_trees` checks trees, and NumPy checks all other indices and shapes.
"""

import io
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from predictor.core.compiled import (  # noqa: F401 - defines the subclasses below
    encoders,
    ensembles,
    float32_boosting,
    linear,
    mlp,
    naive_bayes,
    nearest_neighbors,
    pipelines,
    preprocessing,
    trees,
)
from predictor.core.compiled.compiled_estimator import CompiledEstimator
from predictor.core.compiled.field_types import check_fields, check_type
from predictor.core.errors import ArtifactError
from predictor.core.npy import parse_npy

# Archive member that is the JSON description.
DESCRIPTION = "description"


def _subclasses(base: type[CompiledEstimator]) -> Iterator[type[CompiledEstimator]]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


# Classes that a file can name.
CLASSES = list(_subclasses(CompiledEstimator))
CLASSES_BY_NAME = {each.__name__: each for each in CLASSES}


def dumps(estimator: CompiledEstimator, max_rows: Mapping[str, int | None]) -> bytes:
    """Return the bytes of a compiled estimator.

    Parameters
    ----------
    estimator : CompiledEstimator
    max_rows : mapping of str to int or None
        Number of rows up to which each method is used; None is any number.
    """
    arrays: dict[str, Any] = {}
    description = {
        "estimator": _to_json(estimator, arrays),
        "max_rows": dict(max_rows),
        # Every build has another SHA-256, so that processes notice that it was built again.
        "made_ns": time.time_ns(),
    }
    text = np.frombuffer(json.dumps(description).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{DESCRIPTION: text}, **arrays)
    return buffer.getvalue()


def loads(data: bytes) -> tuple[CompiledEstimator, dict[str, int | None]]:
    """Return the compiled estimator and `max_rows` from bytes.

    Raises
    ------
    ArtifactError
        The bytes are not a compiled estimator.
    """
    try:
        arrays = _read_arrays(data)
        description = json.loads(arrays[DESCRIPTION].tobytes())
        estimator = _from_json(description["estimator"], arrays)
        max_rows = description["max_rows"]
        check_type(estimator, CompiledEstimator)
        check_type(max_rows, dict[str, int | None])
        for part in estimator.walk():
            if isinstance(part, trees.TreeEnsemble):
                part.nodes = {}  # its session has a copy
    except Exception as exc:
        raise ArtifactError("The compiled estimator cannot be read.") from exc
    return estimator, max_rows


def _read_arrays(data: bytes) -> dict[str, Any]:
    """Return the arrays of an archive, which must not be compressed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ArtifactError("The archive is compressed.")
        return {
            name.removesuffix(".npy"): parse_npy(archive.read(name)) for name in archive.namelist()
        }


def _to_json(value: Any, arrays: dict[str, Any]) -> Any:  # noqa: PLR0911 - one for each type
    """Return a JSON value; arrays are added to `arrays` and referred to by name."""
    if isinstance(value, CompiledEstimator):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
        check_fields(type(value), named)
        return {
            "class": type(value).__name__,
            "fields": {name: _to_json(item, arrays) for name, item in named.items()},
        }
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            return {"objects": [_to_json(item, arrays) for item in value.tolist()]}
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, np.generic):
        return {"scalar": _to_json(np.asarray(value), arrays)}
    if isinstance(value, list | tuple):
        return [_to_json(item, arrays) for item in value]
    if isinstance(value, dict):
        return {"items": {name: _to_json(item, arrays) for name, item in value.items()}}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"A compiled estimator cannot contain a {type(value).__name__}.")


def _from_json(value: Any, arrays: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - as above
    """Return the value that `_to_json` described."""
    if isinstance(value, list):
        return [_from_json(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "class" in value:
        cls, named = CLASSES_BY_NAME[value["class"]], _from_items(value["fields"], arrays)
        check_fields(cls, named)
        return cls(**named)
    if "items" in value:
        return _from_items(value["items"], arrays)
    if "objects" in value:
        objects = np.empty(len(value["objects"]), dtype=object)
        objects[:] = value["objects"]
        return objects
    if "scalar" in value:
        return _from_json(value["scalar"], arrays)[()]
    return arrays[value["array"]]


def _from_items(items: Mapping[str, Any], arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _from_json(item, arrays) for name, item in items.items()}
