"""Audit of ONNX files: only a message that was checked field by field is kept and run.

The `onnx` package parses the file as ONNX Runtime does, so repeated fields merge before the check.
Unknown fields are discarded. The result is the checked message, serialised again.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from predictor.core.artifacts.onnx.allow_list import DOMAINS, FIELDS, OPERATORS, TENSOR_VALUES
from predictor.core.artifacts.onnx.widths import find_widths
from predictor.core.columns import MAX_COLUMNS
from predictor.core.errors import ArtifactError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

# Maximum size of a file.
MAX_BYTES = 512 * 2**20

TREES = frozenset(("TreeEnsembleClassifier", "TreeEnsembleRegressor"))


class Audited(NamedTuple):
    """An ONNX file that passed the audit.

    Parameters
    ----------
    data : bytes
        The checked message. It is the same for a file that is itself such a message.
    labels : list
        The classes of a classifier; empty for other models.
    """

    data: bytes
    labels: list[Any]


def audit(data: bytes) -> Audited:
    """Return the checked message in the bytes of an ONNX file.

    Raises
    ------
    ArtifactError
        The bytes are not an ONNX file; the file is too large; an operator or a field is not
        allowed; a tensor does not match its dimensions; the size of a result is a value in the
        model; a tree splits on a missing column.
    """
    if len(data) > MAX_BYTES:
        raise ArtifactError(
            f"The ONNX file has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed."
        )
    model = _parse(data)
    _check_operators(model)
    _check_fields(model)
    _check_sizes(model.graph)
    _check_trees(model.graph)
    return Audited(model.SerializeToString(deterministic=True), _labels(model.graph))


def _parse(data: bytes) -> "ModelProto":
    # Imported here: only processes that read an ONNX file need it (0.1 s, 13 MB).
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as exc:
        raise ArtifactError("The file is neither a skops file nor an ONNX file.") from exc
    model.DiscardUnknownFields()
    if not model.graph.node:
        raise ArtifactError("The file is neither a skops file nor an ONNX file.")
    return model


def _check_operators(model: "ModelProto") -> None:
    """Check the operators of the graph, and the domains of the model."""
    operators = {node.op_type for node in model.graph.node}
    domains = {entry.domain for entry in (*model.opset_import, *model.graph.node)}
    if unknown := (operators - OPERATORS) or (domains - DOMAINS):
        names = ", ".join(sorted(map(str, unknown)))
        kind = "operators" if operators - OPERATORS else "operator domains"
        raise ArtifactError(f"The ONNX model has {kind} that are not allowed: {names[:200]}.")


def _check_fields(message: Any) -> None:
    """Check every field that is set in a message and in the messages within it."""
    name = message.DESCRIPTOR.full_name.removeprefix("onnx.")
    for field, value in message.ListFields():
        if field.name == "metadata_props" or (field.name == "data_location" and value == 0):
            # ONNX Runtime can read options from metadata. Location 0 is the default.
            message.ClearField(field.name)
        elif field.name not in FIELDS[name]:
            raise ArtifactError(f"The ONNX model sets {name}.{field.name}, which is not allowed.")
        elif field.type == field.TYPE_MESSAGE:
            for part in value if field.is_repeated else (value,):
                _check_fields(part)
        elif field.type == field.TYPE_STRING:
            _check_text(f"{name}.{field.name}", value if field.is_repeated else (value,))
    if name == "TensorProto":
        _check_tensor(message)


def _check_text(name: str, values: Iterable[str | bytes]) -> None:
    """Check that the values of a text field are UTF-8: protobuf returns other values as bytes."""
    if any(isinstance(value, bytes) for value in values):
        raise ArtifactError(f"{name} of the ONNX model is not UTF-8 text.")


def _check_tensor(tensor: "TensorProto") -> None:
    """Check that a tensor holds as many values as its dimensions say."""
    if tensor.data_type not in TENSOR_VALUES:
        raise ArtifactError(
            f"A tensor of the ONNX model has type {tensor.data_type}, which is not allowed."
        )
    typed, itemsize = TENSOR_VALUES[tensor.data_type]
    n_values = math.prod(tensor.dims)
    expected: list[dict[str, int]] = [{typed: n_values}]
    if itemsize:
        expected.append({"raw_data": n_values * itemsize})
    if not n_values:
        expected.append({})
    stored = {
        field.name: len(value) for field, value in tensor.ListFields() if "_data" in field.name
    }
    if stored not in expected or not all(0 <= size <= MAX_BYTES for size in tensor.dims):
        raise ArtifactError("A tensor of the ONNX model does not have the size that it states.")


def _check_trees(graph: "GraphProto") -> None:
    """Check that trees split on existing columns.

    Raises
    ------
    ArtifactError
        An input has too many columns; a tree splits on a missing column, or on columns whose
        number is not known.
    """
    widths = find_widths(graph)
    if any(widths.get(entry.name, 0) > MAX_COLUMNS for entry in graph.input):
        raise ArtifactError(f"An input of the ONNX model has more than {MAX_COLUMNS:,} columns.")
    for node in graph.node:
        if node.op_type not in TREES:
            continue
        width = widths.get(node.input[0], 0) if node.input else 0
        columns = _attribute(node, "nodes_featureids", "ints")
        if not width or (columns and not 0 <= min(columns) <= max(columns) < width):
            raise ArtifactError("A tree of the ONNX model splits on a column that does not exist.")


def _check_sizes(graph: "GraphProto") -> None:
    """Check the operators whose result could be any number of times as large as their inputs.

    Raises
    ------
    ArtifactError
        An operator selects with indices of several dimensions, or makes a tensor whose size is a
        value in the model.
    """
    vectors = {tensor.name for tensor in graph.initializer if len(tensor.dims) == 1}
    shapes = {name for node in graph.node if node.op_type == "Shape" for name in node.output}
    for node in graph.node:
        if node.op_type == "Gather" and vectors.isdisjoint(node.input):
            raise ArtifactError("Gather in the ONNX model must have a constant vector as an input.")
        if node.op_type == "ConstantOfShape" and not shapes.issuperset(node.input):
            raise ArtifactError(
                "ConstantOfShape in the ONNX model must have the shape of a tensor."
            )


def _labels(graph: "GraphProto") -> list[Any]:
    """Return the classes that the last classifier in the graph names."""
    for node in reversed(graph.node):
        for name in ("classlabels_int64s", "classlabels_ints"):
            if numbers := _attribute(node, name, "ints"):
                return numbers
        if strings := _attribute(node, "classlabels_strings", "strings"):
            try:
                return [value.decode() for value in strings]
            except UnicodeDecodeError as exc:
                raise ArtifactError("A class label of the ONNX model is not UTF-8 text.") from exc
    return []


def _attribute(node: "NodeProto", name: str, kind: str) -> list[Any]:
    """Return the values of an attribute of a node; an empty list if it has no such attribute."""
    return [
        value for entry in node.attribute if entry.name == name for value in getattr(entry, kind)
    ]
