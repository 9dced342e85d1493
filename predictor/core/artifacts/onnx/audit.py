"""The graph in an ONNX file, read before ONNX Runtime sees it.

Only operators on tables may stand in it, nothing outside of the file, and trees that split on
columns which there are: the runtime itself does not look.
"""

from typing import Any, NamedTuple

from predictor.core.artifacts.protobuf import integers, message
from predictor.core.errors import ArtifactError

DOMAINS = (b"", b"ai.onnx", b"ai.onnx.ml")
# Operators whose results are as large as what they are given. No loops, no branches, no shapes out
# of constants.
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
# Operators that hand on as many columns as they take.
AS_WIDE = ("Cast", "Identity", "Imputer", "Scaler", "Normalizer", "Sub", "Div", "Mul", "Add")
TREES = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")

# Field numbers of the messages in a file.
MODEL_GRAPH, MODEL_OPSET, MODEL_FUNCTION = 7, 8, 25
GRAPH_NODE, GRAPH_TENSOR, GRAPH_INPUT, GRAPH_SPARSE_TENSOR = 1, 5, 11, 15
NODE_INPUT, NODE_OUTPUT, NODE_OPERATOR, NODE_ATTRIBUTE, NODE_DOMAIN = 1, 2, 4, 5, 7
ATTRIBUTE_NAME, ATTRIBUTE_TENSOR, ATTRIBUTE_INTS, ATTRIBUTE_STRINGS = 1, 5, 8, 9
ATTRIBUTE_GRAPHS = (6, 11)
TENSOR_EXTERNAL, TENSOR_LOCATION = 13, 14


class Node(NamedTuple):
    """One operator of a graph."""

    operator: str
    inputs: list[bytes]
    outputs: list[bytes]
    attributes: dict[bytes, dict[int, list[Any]]]


def nodes(data: bytes) -> list[Node]:
    """Return the operators of a model, if all of them may run here.

    Raises
    ------
    ArtifactError
        The bytes are no ONNX file; the model has another operator, or refers to another file.
    """
    try:
        model = message(data)
        graph = message(model[MODEL_GRAPH][0])
        found = [_node(message(node)) for node in graph[GRAPH_NODE]]
        tensors = [message(tensor) for tensor in graph[GRAPH_TENSOR]]
        domains = [message(opset).get(1, [b""])[0] for opset in model[MODEL_OPSET]]
        widths = dict(map(_width, graph[GRAPH_INPUT]))
        domains += [message(node).get(NODE_DOMAIN, [b""])[0] for node in graph[GRAPH_NODE]]
        for node in found:
            tensors += [
                message(tensor)
                for attribute in node.attributes.values()
                for tensor in attribute.get(ATTRIBUTE_TENSOR, ())
            ]
    except (ValueError, IndexError, TypeError, KeyError) as exc:
        raise ArtifactError("The file is neither a skops file nor an ONNX file.") from exc
    unknown = sorted({node.operator for node in found} - OPERATORS)
    if unknown or model.get(MODEL_FUNCTION) or not set(domains) <= set(DOMAINS):
        raise ArtifactError(
            f"It holds operators that are not allowed: {', '.join(unknown) or 'its own'}."
        )
    if graph.get(GRAPH_SPARSE_TENSOR) or any(
        tensor.keys() & {TENSOR_EXTERNAL, TENSOR_LOCATION} for tensor in tensors
    ):
        raise ArtifactError("It refers to numbers in another file.")
    if any(set(ATTRIBUTE_GRAPHS) & a.keys() for node in found for a in node.attributes.values()):
        raise ArtifactError("It holds a graph inside of another.")
    _check_trees(found, widths)
    return found


def _width(value: bytes) -> tuple[bytes, int]:
    """Return the name of an input, and how many columns it has; 0 where that is not said."""
    fields = message(value)
    tensor = message(message(fields[2][0])[1][0])
    sizes = [message(size).get(1, [0])[0] for size in message(tensor[2][0]).get(1, ())]
    return fields[1][0], sizes[1] if len(sizes) == 2 else 0  # noqa: PLR2004 - rows and columns


def _node(fields: dict[int, list[Any]]) -> Node:
    attributes = [message(attribute) for attribute in fields.get(NODE_ATTRIBUTE, ())]
    return Node(
        fields[NODE_OPERATOR][0].decode(),
        fields.get(NODE_INPUT, []),
        fields.get(NODE_OUTPUT, []),
        {attribute[ATTRIBUTE_NAME][0]: attribute for attribute in attributes},
    )


def _check_trees(found: list[Node], widths: dict[bytes, int]) -> None:
    """Check that trees split on columns that there are: the runtime does not.

    Parameters
    ----------
    found : list of Node
    widths : dict of bytes to int
        The number of columns of each input of the graph.

    Raises
    ------
    ArtifactError
        A tree splits on another column, or its columns cannot be counted.
    """
    known: dict[bytes, int | None] = {name: width or None for name, width in widths.items()}
    for node in found:
        width = known.get(node.inputs[0]) if node.inputs else None
        if node.operator in AS_WIDE and width is not None:
            known[node.outputs[0]] = width
        if node.operator in TREES:
            fields = node.attributes.get(b"nodes_featureids", {})
            features = integers(fields.get(ATTRIBUTE_INTS, []))
            if width is None or (features and not 0 <= min(features) <= max(features) < width):
                raise ArtifactError("A tree splits on a column that is not there.")


def labels(found: list[Node]) -> list[Any]:
    """Return the classes that a classifier in the graph names."""
    for node in reversed(found):
        for name in (b"classlabels_int64s", b"classlabels_ints"):
            if numbers := integers(node.attributes.get(name, {}).get(ATTRIBUTE_INTS, [])):
                return list(numbers)
        strings = node.attributes.get(b"classlabels_strings", {}).get(ATTRIBUTE_STRINGS, [])
        if strings:
            return [value.decode() for value in strings]
    return []
