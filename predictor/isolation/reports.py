"""Reports of confined processes. They come from code that a model file may control.

The schema admits only values that a database can store and a response can contain: no U+0000, no
lone surrogates, no NaN, no integers beyond 64 bits, no nested values, no long texts.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Required, TypedDict, TypeVar

import msgspec
import orjson

from predictor.core.artifacts.stated_signature import parse_signature
from predictor.core.errors import ArtifactError
from predictor.core.estimator_steps import MAX_DEPTH, MAX_STEPS
from predictor.isolation.evaluation_report import Evaluation, to_plain
from predictor.isolation.report_types import Count, Text, Value

T = TypeVar("T")

# Maximum size of a report. The categories of the columns are the largest part.
MAX_BYTES = 16 * 2**20

# A dtype of few bytes for each value, or of times with their unit and zone.
DTYPE = r"[<>]?[A-Za-z]{1,20}[0-9]{0,3}|datetime64\[\w{1,2}(, [\w/:+-]{1,60})?\]"
DType = Annotated[str, msgspec.Meta(pattern=rf"\A({DTYPE})\Z")]


class ColumnReport(TypedDict, total=False):
    """Output of `Column.to_json`."""

    name: Required[Text]
    description: Text
    dtype: DType
    kind: Text
    required: bool
    nullable: bool
    categories: list[Value] | None
    closed: bool
    none: bool
    range: tuple[int | float | Text, int | float | Text] | None
    example: Value
    counts: list[Count] | None
    dtype_categories: list[Value] | None
    ordered: bool


class SignatureReport(TypedDict, total=False):
    """Output of `Signature.to_json`."""

    columns: Required[list[ColumnReport]]
    methods: Required[list[Text]]
    classes: Required[list[list[Value] | Value] | None]
    container: Text
    n_outputs: Annotated[int, msgspec.Meta(ge=1)]
    class_names: dict[Text, Text]


class PartReport(TypedDict):
    """Output of `estimator_steps.list_steps`."""

    depth: Annotated[int, msgspec.Meta(ge=0, le=MAX_DEPTH)]
    name: Text
    kind: Text
    parameters: dict[Text, Text]


Parts = Annotated[list[PartReport], msgspec.Meta(max_length=MAX_STEPS)]


class Rejection(msgspec.Struct, forbid_unknown_fields=True):
    """Reason of a confined process to reject a file."""

    rejected: Text
    field: Literal["artifact", "sample", "test", "target"] = "artifact"


class Description(msgspec.Struct, forbid_unknown_fields=True):
    """Description of a model by the process that has read or trained it, see `Inspection`."""

    format: Literal["skops", "onnx"]
    signature: SignatureReport
    fitted_with: dict[Text, Text]
    estimator: Text = ""
    parts: Parts = []
    notes: list[Text] = []
    description: Text = ""
    metrics: dict[Text, float] = {}
    evaluation: Evaluation | None = None


class MethodReport(TypedDict, total=False):
    """Outcome of the compilation for one method, see `compiler.compile`."""

    one: Text
    many: Text
    up_to_rows: Count | None
    microseconds: dict[Text, dict[Text, float]]
    rows_tried: Count
    difference: float
    reason: Text


class EngineReport(TypedDict, total=False):
    """Outcome of the compilation, see `compiler.compile`."""

    engine: Text
    reason: Text
    methods: dict[Text, MethodReport]
    seconds: float
    built_with: dict[Text, Text]
    joined: bool
    alone: Text


def parse_rejection(data: bytes) -> Rejection:
    """Return the reason of a rejection; see `parse`."""
    return _decode(data, Rejection)


def parse(
    data: bytes, engines: Mapping[str, Any] | None = None
) -> tuple[Description, Mapping[str, Any]]:
    """Return the description of a model, and the outcome of its compilation.

    Parameters
    ----------
    data : bytes
        One line for each of them.
    engines : mapping, optional
        Outcome of a compilation that has not added its line.

    Raises
    ------
    ArtifactError
        The report is too long; a line does not follow its schema; the signature is invalid.
    """
    if len(data) >= MAX_BYTES:
        raise ArtifactError(
            "The model has too many columns or categories: their description needs more than "
            f"{MAX_BYTES // 2**20} MB."
        )
    first, _, second = data.partition(b"\n")
    description = _decode(first, Description)
    signature = parse_signature(description.signature)
    description.signature = msgspec.to_builtins(signature.to_json())
    importance = description.evaluation and description.evaluation.importance
    if importance and len(importance.mean) != len(signature.columns):
        raise _unexpected("The importance does not follow from the signature")
    return description, _decode(second, EngineReport) if engines is None else engines


def parse_evaluation(data: Any) -> dict[str, Any]:
    """Return an evaluation that is stored beside an artifact; empty if there is none.

    Raises
    ------
    ArtifactError
        The values do not follow the schema.
    """
    return to_plain(_read_stored(data, Evaluation, "The evaluation is")) if data else {}


def parse_parts(data: Any) -> list[dict[str, Any]]:
    """Return the parts of an estimator that are stored beside an artifact.

    Raises
    ------
    ArtifactError
        The values do not follow the schema.
    """
    parts: list[dict[str, Any]] = _read_stored(data or [], Parts, "The parts of the estimator are")
    return parts


def _read_stored(data: Any, schema: Any, subject: str) -> Any:
    try:
        return msgspec.json.decode(orjson.dumps(data), type=schema)
    except (ValueError, TypeError) as exc:
        raise ArtifactError(f"{subject} invalid: {exc}.") from exc


def _decode(line: bytes, schema: type[T]) -> T:
    try:
        report = msgspec.json.decode(line, type=schema)
        orjson.dumps(msgspec.to_builtins(report))  # refuses integers beyond 64 bits
    except (ValueError, TypeError, RecursionError) as exc:
        raise _unexpected(exc) from exc
    return report


def _unexpected(reason: object) -> ArtifactError:
    return ArtifactError(
        f"The process that reads the file returned an unexpected report: {reason}."
    )
