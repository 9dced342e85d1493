"""Audit of ONNX files: only a message that was checked field by field is kept and run.

The `onnx` package parses the file as ONNX Runtime does, so repeated fields merge before the check.
Unknown fields are discarded. The result is the checked message, serialised again.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from predictor.core.errors import ArtifactError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

# Size of a file, and number of columns of an input.
MOST_BYTES = 512 * 2**20
MOST_COLUMNS = 100_000

DOMAINS = frozenset(("", "ai.onnx", "ai.onnx.ml"))
# Operators on tables. None of them runs another graph, or repeats its input a number of times that
# is a value in the model.
OPERATORS = frozenset(
    (
        "Abs Add And ArgMax ArgMin ArrayFeatureExtractor Binarizer Cast CategoryMapper Ceil Clip "
        "Concat Constant Div Equal Erf Exp FeatureVectorizer Flatten Floor Gemm Greater "
        "GreaterOrEqual Identity Imputer IsNaN LabelEncoder Less LessOrEqual LinearClassifier "
        "LinearRegressor Log LogSoftmax MatMul Max Mean Min Mul Neg Normalizer Not OneHotEncoder "
        "Or Pow Reciprocal ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceSum "
        "ReduceSumSquare Relu Reshape Round Scaler Shape Sigmoid Sign Softmax Sqrt Squeeze Sub Sum "
        "SVMClassifier SVMRegressor Tanh Transpose TreeEnsembleClassifier TreeEnsembleRegressor "
        "Unsqueeze Where ZipMap"
    ).split()
)
# Operators whose result has as many columns as their first input.
SAME_WIDTH = frozenset(("Cast", "Identity", "Imputer", "Scaler", "Normalizer")) | frozenset(
    ("Sub", "Div", "Mul", "Add")
)
TREES = frozenset(("TreeEnsembleClassifier", "TreeEnsembleRegressor"))

# Every field that may be set, by message. Not among them: external data, sparse tensors, graphs
# and types within attributes, functions, training graphs, quantization.
FIELDS = {
    message: frozenset(fields.split())
    for message, fields in {
        "ModelProto": "ir_version opset_import producer_name producer_version domain "
        "model_version doc_string graph",
        "OperatorSetIdProto": "domain version",
        "GraphProto": "node name initializer doc_string input output value_info",
        "NodeProto": "input output name op_type domain attribute doc_string",
        "AttributeProto": "name type doc_string f i s t floats ints strings",
        "TensorProto": "dims data_type name doc_string raw_data float_data double_data "
        "int32_data int64_data string_data",
        "ValueInfoProto": "name type doc_string",
        "TypeProto": "tensor_type sequence_type map_type denotation",
        "TypeProto.Tensor": "elem_type shape",
        "TypeProto.Sequence": "elem_type",
        "TypeProto.Map": "key_type value_type",
        "TensorShapeProto": "dim",
        "TensorShapeProto.Dimension": "dim_value dim_param denotation",
    }.items()
}
# Types of tensors: the field of their values, and the bytes of each value in `raw_data`
# (0: not stored there).
FLOAT, INT32, INT64, STRING, BOOL, DOUBLE = 1, 6, 7, 8, 9, 11
VALUES = {
    FLOAT: ("float_data", 4),
    INT32: ("int32_data", 4),
    INT64: ("int64_data", 8),
    STRING: ("string_data", 0),
    BOOL: ("int32_data", 1),
    DOUBLE: ("double_data", 8),
}


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
        allowed; a tensor does not match its dimensions; a tree splits on a missing column.
    """
    if len(data) > MOST_BYTES:
        raise ArtifactError(
            f"The ONNX file has {len(data):,} bytes; at most {MOST_BYTES:,} are allowed."
        )
    model = _parse(data)
    _check_operators(model)
    _check_fields(model)
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
    if tensor.data_type not in VALUES:
        raise ArtifactError(
            f"A tensor of the ONNX model has type {tensor.data_type}, which is not allowed."
        )
    typed, itemsize = VALUES[tensor.data_type]
    n_values = math.prod(tensor.dims)
    expected: list[dict[str, int]] = [{typed: n_values}]
    if itemsize:
        expected.append({"raw_data": n_values * itemsize})
    if not n_values:
        expected.append({})
    stored = {
        field.name: len(value) for field, value in tensor.ListFields() if "_data" in field.name
    }
    if stored not in expected or not all(0 <= size <= MOST_BYTES for size in tensor.dims):
        raise ArtifactError("A tensor of the ONNX model does not have the size that it states.")


def _check_trees(graph: "GraphProto") -> None:
    """Check that trees split on existing columns.

    Raises
    ------
    ArtifactError
        An input has too many columns; a tree splits on a missing column, or on columns whose
        number is not known.
    """
    widths = {entry.name: _width(entry) for entry in graph.input}
    if any(width > MOST_COLUMNS for width in widths.values()):
        raise ArtifactError(f"An input of the ONNX model has more than {MOST_COLUMNS:,} columns.")
    for node in graph.node:
        width = widths.get(node.input[0], 0) if node.input else 0
        if node.op_type in SAME_WIDTH and node.output:
            widths[node.output[0]] = width
        if node.op_type in TREES:
            columns = _attribute(node, "nodes_featureids", "ints")
            if not width or (columns and not 0 <= min(columns) <= max(columns) < width):
                raise ArtifactError("A tree splits on a column that is not there.")


def _width(entry: "ValueInfoProto") -> int:
    """Return the number of columns of an input; 0 if it is not stated."""
    sizes = entry.type.tensor_type.shape.dim
    return sizes[1].dim_value if len(sizes) == 2 else 0  # noqa: PLR2004 - rows and columns


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
    """Return the values of an attribute of a node; none if it is not there."""
    return [
        value for entry in node.attribute if entry.name == name for value in getattr(entry, kind)
    ]
