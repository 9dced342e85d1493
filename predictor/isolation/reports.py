"""Reports of confined processes. They come from code that a model file may control."""

import json
from typing import Any, TypedDict, TypeVar

import msgspec

from predictor.core.artifacts.stated_signature import parse_signature
from predictor.core.errors import ArtifactError

T = TypeVar("T")

# Maximum size of a report. The categories of the columns are the largest part.
MAX_BYTES = 16 * 2**20


class Rejection(msgspec.Struct, forbid_unknown_fields=True):
    """Reason of a confined process to reject a file."""

    rejected: str
    field: str = "artifact"


class Description(msgspec.Struct, forbid_unknown_fields=True):
    """Description of a model by the process that has read or trained it, see `Inspection`."""

    format: str
    signature: dict[str, Any]
    fitted_with: dict[str, str]
    estimator: str = ""
    notes: list[str] = []
    description: str = ""
    metrics: dict[str, float] = {}


class MethodReport(TypedDict, total=False):
    """Outcome of the compilation for one method, see `compiler.compile`."""

    one: str
    many: str
    up_to_rows: int | None
    microseconds: dict[str, dict[str, float]]
    rows_tried: int
    difference: float
    reason: str


class EngineReport(TypedDict, total=False):
    """Outcome of the compilation, see `compiler.compile`."""

    engine: str
    reason: str
    methods: dict[str, MethodReport]
    seconds: float
    built_with: dict[str, str]
    joined: bool
    alone: str


def parse_rejection(data: bytes) -> Rejection:
    """Return the reason of a rejection; see `parse`."""
    return _convert(_lines(data, 1)[0], Rejection)


def parse(data: bytes, engines: Any = None) -> tuple[Description, EngineReport]:
    """Return the description of a model, and the outcome of its compilation.

    Parameters
    ----------
    data : bytes
        One line for each of them.
    engines : optional
        Outcome of a compilation that has not added its line.

    Raises
    ------
    ArtifactError
        The values have other types, or the signature is invalid.
    """
    lines = _lines(data, 2 if engines is None else 1)
    description = _convert(lines[0], Description)
    description.signature = msgspec.to_builtins(parse_signature(description.signature).to_json())
    if description.format not in ("skops", "onnx"):
        raise _unexpected()
    return description, _convert(lines[1] if engines is None else engines, EngineReport)


def _lines(data: bytes, number: int) -> list[Any]:
    """Return the JSON values of the first lines."""
    try:
        lines = [json.loads(line) for line in data.split(b"\n", number)[:number]]
    except (ValueError, RecursionError) as exc:
        raise _unexpected() from exc
    if len(lines) != number:
        raise _unexpected()
    return lines


def _convert(value: Any, schema: type[T]) -> T:
    try:
        return msgspec.convert(value, schema)
    except msgspec.ValidationError as exc:
        raise _unexpected() from exc


def _unexpected() -> ArtifactError:
    return ArtifactError("The process that reads the file returned an unexpected report.")
