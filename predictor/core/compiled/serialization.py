"""Forms to bytes and back: a NumPy archive of arrays, and JSON that says how they hang together.

Nothing is unpickled: a file builds the forms that are named here, of arrays, numbers and strings.
"""

import io
import json
import time
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from predictor.core.compiled import (
    calibration,
    encoders,
    ensembles,
    feature_expansion,
    kernel_svm,
    kernels,
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

# The member that is no array of a form.
PLAN = "plan"

ROOMS = (
    naive_bayes,
    calibration,
    preprocessing,
    pipelines,
    encoders,
    ensembles,
    feature_expansion,
    kernels,
    linear,
    kernel_svm,
    nearest_neighbors,
    mlp,
    trees,
)
KINDS = [
    kind
    for room in ROOMS
    for kind in vars(room).values()
    if isinstance(kind, type)
    and issubclass(kind, CompiledEstimator)
    and kind.__module__ == room.__name__
]
FORMS = {kind.__name__: kind for kind in KINDS}


def dumps(form: CompiledEstimator, choice: Mapping[str, Any]) -> bytes:
    """Return a form, and what it is chosen for, as bytes."""
    arrays: dict[str, Any] = {}
    # The time gives what is built anew a hash of its own, so that processes see it.
    plan = {"form": _written(form, arrays), "choice": dict(choice), "made_ns": time.time_ns()}
    text = np.frombuffer(json.dumps(plan).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{PLAN: text}, **arrays)
    return buffer.getvalue()


def loads(data: bytes) -> tuple[CompiledEstimator, dict[str, Any]]:
    """Return the form in bytes, and what it is chosen for.

    Raises
    ------
    ArtifactError
        They hold none.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            plan = json.loads(archive[PLAN].tobytes())
            form = _read(plan["form"], archive)
    except Exception as exc:
        raise ArtifactError("The compiled form cannot be read.") from exc
    return form, plan["choice"]


def _written(value: Any, arrays: dict[str, Any]) -> Any:
    """Return a value as JSON has it; arrays are set aside under a name."""
    if isinstance(value, CompiledEstimator):
        named = {
            field.name: _written(getattr(value, field.name), arrays) for field in fields(value)
        }
        return {"form": type(value).__name__, "fields": named}
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            return {"objects": [_written(item, arrays) for item in value.tolist()]}
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, np.generic):
        return {"scalar": _written(np.asarray(value), arrays)}
    if isinstance(value, list | tuple):
        return [_written(item, arrays) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} is no part of a form.")


def _read(value: Any, arrays: Any) -> Any:
    """Return the value that `_written` wrote."""
    if isinstance(value, list):
        return [_read(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "form" in value:
        named = {name: _read(field, arrays) for name, field in value["fields"].items()}
        return FORMS[value["form"]](**named)
    if "objects" in value:
        objects = np.empty(len(value["objects"]), dtype=object)
        objects[:] = value["objects"]
        return objects
    if "scalar" in value:
        return _read(value["scalar"], arrays)[()]
    return arrays[value["array"]]
