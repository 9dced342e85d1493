"""Numbers of columns of the tensors in an ONNX graph, as far as the graph states them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto

# Operators whose result has as many columns as their input, or as the widest of them.
SAME_WIDTH = "Cast Identity Imputer Normalizer Scaler"
ARITHMETIC = "Add Div Mul Sub"

COLUMNS = (1, -1)  # the axis of the columns
MATRIX = 2  # number of dimensions

Widths = Mapping[str, int]
Constants = Mapping[str, "TensorProto"]


def find_widths(graph: "GraphProto") -> dict[str, int]:
    """Return the number of columns of each tensor; tensors with an unknown number are left out."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    widths = {entry.name: get_width(entry) for entry in graph.input}
    for node in graph.node:
        rule = RULES.get(node.op_type)
        if rule is not None and node.input and node.output:
            widths[node.output[0]] = rule(node, widths, constants)
    return {name: width for name, width in widths.items() if width > 0}


def get_width(entry: "ValueInfoProto") -> int:
    """Return the number of columns of an input; 0 if it is not stated."""
    sizes = entry.type.tensor_type.shape.dim
    return sizes[1].dim_value if len(sizes) == MATRIX else 0


def read_integers(tensor: "TensorProto | None") -> list[int] | None:
    """Return the numbers of a vector of integers; None for other tensors."""
    from onnx import TensorProto, numpy_helper

    if tensor is None or len(tensor.dims) != 1 or tensor.data_type != TensorProto.INT64:
        return None
    numbers: list[int] = numpy_helper.to_array(tensor).tolist()
    return numbers


def get_axis(node: "NodeProto", default: int = 0) -> int:
    """Return the attribute `axis` of a node."""
    return next((entry.i for entry in node.attribute if entry.name == "axis"), default)


def _same(node: "NodeProto", widths: Widths, _constants: Constants) -> int:
    return widths.get(node.input[0], 0)


def _broadcast(node: "NodeProto", widths: Widths, constants: Constants) -> int:
    parts = [widths.get(name, 0) or _count_columns(constants.get(name)) for name in node.input]
    return max(parts) if all(parts) else 0


def _count_columns(constant: "TensorProto | None") -> int:
    """Return the number of columns of a constant; 0 if there is no such constant."""
    if constant is None:
        return 0
    return int(constant.dims[-1]) if constant.dims else 1


def _concat(node: "NodeProto", widths: Widths, _constants: Constants) -> int:
    parts = [widths.get(name, 0) for name in node.input]
    return sum(parts) if get_axis(node) in COLUMNS and all(parts) else 0


def _get_constant(node: "NodeProto", constants: Constants) -> "TensorProto | None":
    """Return the second input of a node, if it is a constant."""
    return constants.get(node.input[1]) if len(node.input) > 1 else None


def _gather(node: "NodeProto", _widths: Widths, constants: Constants) -> int:
    indices = _get_constant(node, constants)
    is_of_columns = get_axis(node) in COLUMNS and indices is not None and len(indices.dims) == 1
    return int(indices.dims[0]) if indices is not None and is_of_columns else 0


def _extract(node: "NodeProto", _widths: Widths, constants: Constants) -> int:
    return len(read_integers(_get_constant(node, constants)) or ())


def _reshape(node: "NodeProto", _widths: Widths, constants: Constants) -> int:
    shape = read_integers(_get_constant(node, constants)) or []
    return shape[1] if len(shape) == MATRIX else 0


def _multiply(node: "NodeProto", _widths: Widths, constants: Constants) -> int:
    matrix = _get_constant(node, constants)
    return int(matrix.dims[1]) if matrix is not None and len(matrix.dims) == MATRIX else 0


RULES: dict[str, Callable[["NodeProto", Widths, Constants], int]] = {
    **dict.fromkeys(SAME_WIDTH.split(), _same),
    **dict.fromkeys(ARITHMETIC.split(), _broadcast),
    "ArrayFeatureExtractor": _extract,
    "Concat": _concat,
    "Gather": _gather,
    "MatMul": _multiply,
    "Reshape": _reshape,
}
