"""ONNX files as an attacker writes them: ONNX Runtime runs each of them, the audit rejects it."""

import hashlib
from itertools import pairwise

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from predictor.core import artifacts
from predictor.core.artifacts.onnx import allow_list, audit
from predictor.core.artifacts.onnx.widths import find_widths
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.onnx_runtime import create_session
from tests.predictor.core.onnx_files import classifier, field, regressor, tree

SECRET = b"the site's secret key, 32 bytes."
ZEROS = np.zeros((1, 2), np.float32)
OPSETS = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 3)]
ANY = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)


def value(name, width=2):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width])


def graph(*nodes, output=ANY, initializer=()):
    return helper.make_graph(list(nodes), "g", [value("X")], [output], initializer)


def model(*nodes, **parts):
    return helper.make_model(graph(*nodes, **parts), opset_imports=OPSETS, ir_version=8)


def repeated(second):
    """Return a file with two graphs, which the runtime merges: the first one is plain."""
    first = onnx.GraphProto()
    first.node.append(helper.make_node("Identity", ["X"], ["plain"]))
    first.input.append(value("X"))
    del second.input[:]
    outer = onnx.ModelProto(ir_version=8, opset_import=OPSETS).SerializeToString()
    return outer + b"".join(field(7, part.SerializeToString()) for part in (first, second))


def external(tensor, location="secret_key"):
    """Have a tensor of bytes read its values from a file."""
    tensor.data_type = TensorProto.UINT8
    tensor.dims.append(len(SECRET))
    tensor.data_location = TensorProto.EXTERNAL
    for key, text in {"location": location, "offset": "0", "length": str(len(SECRET))}.items():
        tensor.external_data.add(key=key, value=text)


def sparse():
    """Return a sparse tensor whose values are in a file."""
    onnx_model = onnx.SparseTensorProto(dims=[len(SECRET)])
    onnx_model.indices.CopyFrom(
        helper.make_tensor("i", TensorProto.INT64, [len(SECRET)], range(len(SECRET)))
    )
    external(onnx_model.values)
    onnx_model.values.name = "secret"
    return onnx_model


def shown(*sources, **parts):
    """Return a model whose answer is the tensor `secret`."""
    nodes = [
        *sources,
        helper.make_node("Cast", ["secret"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["X"], ["sum"], keepdims=1),
        helper.make_node("Add", ["sum", "numbers"], ["y"]),
    ]
    return model(*nodes, **parts)


def sparse_constant():
    return shown(helper.make_node("Constant", [], ["secret"], sparse_value=sparse()))


def sparse_initializer():
    onnx_model = shown()
    onnx_model.graph.sparse_initializer.append(sparse())
    return onnx_model


LEAKS = {
    "a sparse Constant": (
        lambda: sparse_constant().SerializeToString(),
        "The ONNX model sets AttributeProto.sparse_tensor, which is not allowed.",
    ),
    "a sparse Constant in a second graph": (
        lambda: repeated(sparse_constant().graph),
        "The ONNX model sets AttributeProto.sparse_tensor, which is not allowed.",
    ),
    "a sparse initializer": (
        lambda: sparse_initializer().SerializeToString(),
        "The ONNX model sets GraphProto.sparse_initializer, which is not allowed.",
    ),
    "a sparse initializer in a second graph": (
        lambda: repeated(sparse_initializer().graph),
        "The ONNX model sets GraphProto.sparse_initializer, which is not allowed.",
    ),
}


@pytest.fixture
def path(tmp_path, monkeypatch):
    (tmp_path / "secret_key").write_bytes(SECRET)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "model.onnx"


def refusal(data):
    with pytest.raises(ArtifactError) as refused:
        artifacts.open_artifact(data)
    return str(refused.value)


@pytest.mark.parametrize("name", LEAKS)
def test_a_model_that_returns_the_content_of_a_file_is_rejected(name, path):
    make, sentence = LEAKS[name]
    path.write_bytes(make())
    (answer,) = create_session(path.read_bytes()).run(["y"], {"X": ZEROS})
    assert answer.astype(np.uint8).tobytes() == SECRET

    with pytest.raises(ArtifactError, match=sentence):
        artifacts.ingest(path.read_bytes(), path.name)


def test_an_artifact_that_an_earlier_release_registered_is_audited_when_it_is_loaded(path):
    data = sparse_constant().SerializeToString()
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match=LEAKS["a sparse Constant"][1]):
        artifacts.load(path, hashlib.sha256(data).hexdigest())


def with_initializer(location="secret_key"):
    onnx_model = shown()
    external(onnx_model.graph.initializer.add(name="secret"), location)
    return onnx_model


def with_attribute(**values):
    """Return a model whose first node has an attribute with these fields."""
    onnx_model = model(helper.make_node("Identity", ["X"], ["y"]))
    onnx_model.graph.node[0].attribute.append(onnx.AttributeProto(name="a", **values))
    return onnx_model


def default_location():
    onnx_model = with_initializer()
    onnx_model.graph.initializer[0].data_location = TensorProto.DEFAULT
    return onnx_model


def tensor_in_a_file():
    onnx_model = TensorProto()
    external(onnx_model)
    return onnx_model


@pytest.mark.parametrize(
    ("make", "field_name"),
    [
        (with_initializer, "TensorProto.external_data"),
        (lambda: with_initializer("*/_ORT_MEM_ADDR_/*"), "TensorProto.external_data"),
        (default_location, "TensorProto.external_data"),
        (lambda: with_attribute(t=tensor_in_a_file()), "TensorProto.external_data"),
        (lambda: with_attribute(tensors=[tensor_in_a_file()]), "AttributeProto.tensors"),
        (lambda: with_attribute(sparse_tensors=[sparse()]), "AttributeProto.sparse_tensors"),
        (lambda: with_attribute(g=sparse_constant().graph), "AttributeProto.g"),
        (lambda: with_attribute(graphs=[sparse_constant().graph]), "AttributeProto.graphs"),
    ],
)
def test_external_data_and_nested_graphs_are_rejected_everywhere(make, field_name):
    sentence = f"The ONNX model sets {field_name}, which is not allowed."
    assert refusal(make().SerializeToString()) == sentence


def places():
    """Return a model, and one message of each kind in it."""
    node = helper.make_node("ZipMap", ["X"], ["y"], classlabels_int64s=[1, 2], domain="ai.onnx.ml")
    tensor = helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])
    onnx_model = model(node, initializer=[tensor])
    output = onnx_model.graph.output[0].type
    output.sequence_type.elem_type.map_type.value_type.tensor_type.elem_type = 1
    element = output.sequence_type.elem_type
    tensor_type = onnx_model.graph.input[0].type.tensor_type
    messages = [
        *(
            onnx_model,
            onnx_model.graph,
            onnx_model.graph.node[0],
            onnx_model.graph.node[0].attribute[0],
        ),
        *(onnx_model.graph.initializer[0], onnx_model.opset_import[0], onnx_model.graph.input[0]),
        *(onnx_model.graph.input[0].type, tensor_type, tensor_type.shape, tensor_type.shape.dim[0]),
        *(output.sequence_type, element.map_type),
    ]
    names = [message.DESCRIPTOR.full_name.removeprefix("onnx.") for message in messages]
    return onnx_model, dict(zip(names, messages, strict=True))


def set_field(message, described):
    """Set a field to the shortest value of its type."""
    plain = described.type in (described.TYPE_STRING, described.TYPE_MESSAGE)
    message.MergeFromString(field(described.number, b"" if plain else 1))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, described.name)
        for kind, message in places()[1].items()
        for described in message.DESCRIPTOR.fields
        if described.name not in {*allow_list.FIELDS[kind], "metadata_props"}
    ],
)
def test_a_field_that_is_not_listed_is_rejected(kind, name):
    onnx_model, messages = places()
    described = messages[kind].DESCRIPTOR.fields_by_name[name]
    set_field(messages[kind], described)
    assert refusal(onnx_model.SerializeToString()) == (
        f"The ONNX model sets {kind}.{name}, which is not allowed."
    )


def test_every_message_that_the_listed_fields_lead_to_has_a_list():
    assert set(places()[1]) == set(allow_list.FIELDS)
    reached = {
        described.message_type.full_name.removeprefix("onnx.")
        for kind, message in places()[1].items()
        for described in message.DESCRIPTOR.fields
        if described.message_type and described.name in allow_list.FIELDS[kind]
    }
    assert reached == set(allow_list.FIELDS) - {"ModelProto"}


def scalar(name, kind):
    return helper.make_tensor_value_info(name, kind, [])


def loop():
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["again"]),
            helper.make_node("Add", ["rows", "rows"], ["sum"]),
        ],
        "body",
        [scalar("n", TensorProto.INT64), scalar("go", TensorProto.BOOL), value("rows")],
        [scalar("again", TensorProto.BOOL), value("sum")],
    )
    times = helper.make_tensor("times", TensorProto.INT64, [], [3])
    node = helper.make_node("Loop", ["times", "", "X"], ["y"], body=body)
    return graph(node, initializer=[times])


def branch():
    branches = {
        name: helper.make_graph(
            [helper.make_node("Identity", ["X"], [name])], "b", [], [value(name)]
        )
        for name in ("yes", "no")
    }
    which = helper.make_tensor("which", TensorProto.BOOL, [], [True])
    node = helper.make_node(
        "If", ["which"], ["y"], then_branch=branches["yes"], else_branch=branches["no"]
    )
    return graph(node, initializer=[which])


def scan():
    row = helper.make_tensor_value_info("row", TensorProto.FLOAT, [2])
    double = helper.make_tensor_value_info("double", TensorProto.FLOAT, [2])
    body = helper.make_graph(
        [helper.make_node("Add", ["row", "row"], ["double"])], "b", [row], [double]
    )
    return graph(helper.make_node("Scan", ["X"], ["y"], num_scan_inputs=1, body=body))


def expand():
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [1000, 2])
    return graph(helper.make_node("Expand", ["X", "shape"], ["y"]), initializer=[shape])


def renamed(second):
    """Return a file whose node names two operators, of which the runtime takes the last."""
    node = second.node[0]
    last = node.op_type
    node.op_type = "Identity"
    data = field(1, node.SerializeToString() + field(4, last))
    del second.node[:]
    outer = onnx.ModelProto(ir_version=8, opset_import=OPSETS).SerializeToString()
    return outer + field(7, second.SerializeToString() + data)


@pytest.mark.parametrize(
    ("make", "hide", "operator"),
    [
        (loop, repeated, "Loop"),
        (branch, repeated, "If"),
        (scan, repeated, "Scan"),
        (expand, repeated, "Expand"),
        (expand, renamed, "Expand"),
    ],
)
def test_a_hidden_operator_is_rejected(make, hide, operator):
    data = hide(make())
    (answer,) = create_session(data).run(["y"], {"X": ZEROS})
    assert answer.shape == ((1000, 2) if operator == "Expand" else (1, 2))
    assert refusal(data) == f"The ONNX model has operators that are not allowed: {operator}."


def gather():
    """Return a chain in which each step multiplies the size of the rows by that of the indices."""
    tensor = helper.make_tensor("indices", TensorProto.INT64, [2, 2], [0, 1, 1, 0])
    names = ["X", "first", "y"]
    nodes = [
        helper.make_node("Gather", [source, "indices"], [result], axis=1)
        for source, result in pairwise(names)
    ]
    return graph(*nodes, initializer=[tensor])


def gather_computed():
    return graph(
        helper.make_node("Cast", ["X"], ["indices"], to=TensorProto.INT64),
        helper.make_node("Gather", ["X", "indices"], ["y"], axis=1),
    )


def fill():
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [1000, 2])
    return graph(helper.make_node("ConstantOfShape", ["shape"], ["y"]), initializer=[shape])


@pytest.mark.parametrize(
    ("make", "shape", "sentence"),
    [
        (gather, (1, 2, 2, 2), "Gather in the ONNX model must have a constant vector as an input."),
        (
            gather_computed,
            (1, 1, 2),
            "Gather in the ONNX model must have a constant vector as an input.",
        ),
        (
            fill,
            (1000, 2),
            "ConstantOfShape in the ONNX model must have the shape of a tensor.",
        ),
    ],
)
def test_an_operator_whose_result_can_have_any_size_is_rejected(make, shape, sentence):
    onnx_model = helper.make_model(make(), opset_imports=OPSETS, ir_version=8)
    data = onnx_model.SerializeToString()
    (answer,) = create_session(data).run(["y"], {"X": ZEROS})
    assert answer.shape == shape
    assert refusal(data) == sentence


def test_a_selection_of_a_column_that_does_not_exist_rejects_the_rows():
    indices = helper.make_tensor("indices", TensorProto.INT64, [1], [10**9])
    node = helper.make_node("Gather", ["X", "indices"], ["y"], axis=1)
    data = model(node, initializer=[indices]).SerializeToString()
    estimator = artifacts.open_artifact(data).estimator
    with pytest.raises(InvalidInput):
        estimator.predict(ZEROS)


def selected(*nodes, **tensors):
    """Return a tree on columns that other operators select; it splits on the column 2."""
    onnx_model = onnx.ModelProto.FromString(tree(2, 3))
    onnx_model.graph.node[0].input[0] = "selected"
    onnx_model.graph.node.insert(0, helper.make_node(*nodes[0][:-1], **nodes[0][-1]))
    for name, values in tensors.items():
        tensor = helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        onnx_model.graph.initializer.append(tensor)
    return onnx_model.SerializeToString()


@pytest.mark.parametrize(
    ("node", "tensors", "is_accepted"),
    [
        (("Gather", ["X", "i"], ["selected"], {"axis": 1}), {"i": [2, 1, 0]}, True),
        (("Gather", ["X", "i"], ["selected"], {"axis": 1}), {"i": [2, 1]}, False),
        (("Gather", ["X", "i"], ["selected"], {"axis": 0}), {"i": [0, 0, 0]}, False),
        (("Concat", ["X", "X"], ["selected"], {"axis": 1}), {}, True),
        (("Concat", ["X", "X"], ["selected"], {"axis": 0}), {}, False),
        (("Reshape", ["X", "i"], ["selected"], {}), {"i": [-1, 3]}, True),
        (("Reshape", ["X", "i"], ["selected"], {}), {"i": [-1, 1]}, False),
        (("Exp", ["X"], ["selected"], {}), {}, False),
    ],
)
def test_a_tree_splits_only_on_columns_that_are_selected(node, tensors, is_accepted):
    data = selected(node, **tensors)
    if is_accepted:
        artifacts.open_artifact(data)
    else:
        assert refusal(data) == "A tree of the ONNX model splits on a column that does not exist."


def test_a_number_of_columns_that_is_stated_twice_counts_as_the_runtime_counts_it():
    onnx_model = onnx.ModelProto.FromString(tree(5000, 2))
    columns = field(1, 9000) + field(1, 2)
    shape = field(1, field(2, "N")) + field(1, columns)
    tensor_type = field(1, TensorProto.FLOAT) + field(2, shape)
    rows = field(1, "X") + field(2, field(1, tensor_type))
    del onnx_model.graph.input[:]
    merged = onnx_model.graph.SerializeToString() + field(11, rows)
    onnx_model.ClearField("graph")
    data = onnx_model.SerializeToString() + field(7, merged)
    assert create_session(data).get_inputs()[0].shape[1] == 2
    assert refusal(data) == "A tree of the ONNX model splits on a column that does not exist."


@pytest.mark.parametrize("kind", ["ArrayFeatureExtractor", "Gather", "MatMul", "Reshape"])
def test_an_operator_without_its_second_input_has_no_known_number_of_columns(kind):
    graph = onnx.GraphProto(node=[onnx.NodeProto(op_type=kind, input=["X"], output=["Y"])])
    assert find_widths(graph) == {}


def unknown(message):
    """Add a field that no version of the format has."""
    message.MergeFromString(field(1000, "unknown"))


def test_unknown_fields_and_metadata_are_neither_kept_nor_run(tmp_path):
    onnx_model = onnx.ModelProto.FromString(classifier([[1, 2], [3, 4]], [0, 0], ["a", "b"]))
    plain = onnx_model.SerializeToString(deterministic=True)
    node = onnx_model.graph.node[0]
    entry = onnx_model.graph.input[0]
    for message in (
        onnx_model,
        onnx_model.graph,
        node,
        node.attribute[0],
        entry,
        entry.type.tensor_type,
    ):
        unknown(message)
    for message in (onnx_model, onnx_model.graph, node, entry):
        message.metadata_props.add(key="ort_config", value="{}")
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_model.SerializeToString())

    ingested = artifacts.ingest(path.read_bytes(), path.name)

    stored = ingested.data
    assert stored == plain
    assert ingested.sha256 == hashlib.sha256(plain).hexdigest()
    assert audit.audit(stored).data == stored
    rows = np.array([[1, 1], [-1, -1]], np.float32)
    for data in (path.read_bytes(), stored):  # the first is as an earlier release stored it
        assert artifacts.open_artifact(data).estimator.predict(rows).tolist() == ["b", "a"]


def test_a_tensor_that_was_moved_into_the_file_is_accepted():
    weights = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    weights.data_location = TensorProto.DEFAULT
    onnx_model = model(
        helper.make_node("Add", ["X", "w"], ["y"]), output=value("y"), initializer=[weights]
    )
    (stored,) = onnx.ModelProto.FromString(
        audit.audit(onnx_model.SerializeToString()).data
    ).graph.initializer
    assert not stored.HasField("data_location")
    assert list(stored.float_data) == [1.0, 2.0]


F, S, U8 = TensorProto.FLOAT, TensorProto.STRING, TensorProto.UINT8
SIZE = "A tensor of the ONNX model does not have the size that it states."


@pytest.mark.parametrize(
    ("tensor", "sentence"),
    [
        ({"data_type": F, "dims": [2**40], "float_data": [1.0]}, SIZE),
        ({"data_type": F, "dims": [2**40], "raw_data": bytes(4)}, SIZE),
        ({"data_type": F, "dims": [2**32, 2**32], "raw_data": b""}, SIZE),
        ({"data_type": F, "dims": [0, 2**62]}, SIZE),
        ({"data_type": F, "dims": [-1, -1], "float_data": [1.0]}, SIZE),
        ({"data_type": F, "dims": [1], "raw_data": bytes(5)}, SIZE),
        ({"data_type": F, "dims": [1], "raw_data": b"", "float_data": [1.0]}, SIZE),
        ({"data_type": F, "dims": [1], "double_data": [1.0]}, SIZE),
        ({"data_type": S, "dims": [1], "raw_data": b""}, SIZE),
        ({"data_type": U8, "dims": [1], "raw_data": b"a"},
         "A tensor of the ONNX model has type 2, which is not allowed."),
    ],
)  # fmt: skip
def test_a_tensor_of_another_size_or_type_is_rejected(tensor, sentence):
    onnx_model = model(helper.make_node("Identity", ["X"], ["y"]))
    onnx_model.graph.initializer.add(name="w", **tensor)
    assert refusal(onnx_model.SerializeToString()) == sentence
    attribute = with_attribute(t=onnx_model.graph.initializer[0])
    assert refusal(attribute.SerializeToString()) == sentence


@pytest.mark.parametrize("width", [2, 100_000])
def test_an_input_has_a_bounded_number_of_columns(width):
    onnx_model = onnx.ModelProto.FromString(regressor([1.0] * width, 0.0))
    assert (
        len(artifacts.open_artifact(onnx_model.SerializeToString()).estimator.served_columns_)
        == width
    )
    onnx_model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 100_001
    assert refusal(onnx_model.SerializeToString()) == (
        "An input of the ONNX model has more than 100,000 columns."
    )


def test_a_file_has_a_bounded_size(monkeypatch):
    data = tree(0)
    monkeypatch.setattr(audit, "MAX_BYTES", len(data))
    assert audit.audit(data).data
    assert refusal(data + b"\0") == (
        f"The ONNX file has {len(data) + 1} bytes; at most {len(data)} are allowed."
    )


def latin(onnx_model):
    return onnx_model.SerializeToString().replace("ä".encode(), b"\xe4\xe4")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: latin(model(helper.make_node("Identity", ["ä"], ["y"]))),
            "NodeProto.input of the ONNX model is not UTF-8 text.",
        ),
        (
            lambda: latin(model(helper.make_node("ä", ["X"], ["y"]))),
            r"The ONNX model has operators that are not allowed: b'\xe4\xe4'.",
        ),
        (
            lambda: classifier([[1, 2]], [0], [b"\xe4"]),
            "A class label of the ONNX model is not UTF-8 text.",
        ),
        (
            lambda: model(helper.make_node("Identity", ["X"], [])).SerializeToString(),
            "ONNX Runtime cannot load the model.",
        ),
        (lambda: field(1, 8), "The file is neither a skops file nor an ONNX file."),
    ],
)
def test_a_damaged_file_is_rejected_with_a_sentence(make, sentence):
    assert refusal(make()) == sentence


def test_a_model_without_an_output_is_rejected():
    onnx_model = model(helper.make_node("Identity", ["X"], ["y"]))
    del onnx_model.graph.output[:]
    assert refusal(onnx_model.SerializeToString()) == "The ONNX model has no input or no output."
