"""Compiled estimators to bytes and back: a NumPy archive of arrays and a JSON description.

Nothing is unpickled: a file builds the classes of this package from arrays, numbers and strings.
"""

import io
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from predictor.core.compiled import (  # noqa: F401 - defines the subclasses below
    encoders,
    ensembles,
    linear,
    mlp,
    naive_bayes,
    nearest_neighbors,
    pipelines,
    preprocessing,
    trees,
)
from predictor.core.compiled.compiled_estimator import CompiledEstimator
from predictor.core.errors import ArtifactError

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
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            description = json.loads(archive[DESCRIPTION].tobytes())
            estimator = _from_json(description["estimator"], archive)
    except Exception as exc:
        raise ArtifactError("The compiled estimator cannot be read.") from exc
    return estimator, description["max_rows"]


def _to_json(value: Any, arrays: dict[str, Any]) -> Any:
    """Return a JSON value; arrays are added to `arrays` and referred to by name."""
    if isinstance(value, CompiledEstimator):
        named = {
            field.name: _to_json(getattr(value, field.name), arrays) for field in fields(value)
        }
        return {"class": type(value).__name__, "fields": named}
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
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"A compiled estimator cannot contain a {type(value).__name__}.")


def _from_json(value: Any, arrays: Any) -> Any:
    """Return the value that `_to_json` described."""
    if isinstance(value, list):
        return [_from_json(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "class" in value:
        named = {name: _from_json(field, arrays) for name, field in value["fields"].items()}
        return CLASSES_BY_NAME[value["class"]](**named)
    if "objects" in value:
        objects = np.empty(len(value["objects"]), dtype=object)
        objects[:] = value["objects"]
        return objects
    if "scalar" in value:
        return _from_json(value["scalar"], arrays)[()]
    return arrays[value["array"]]
