"""ONNX files written by hand, so that no converter is needed to read one."""

import struct

import numpy as np

FLOAT, INT64, STRING = 1, 7, 8
F, I, FLOATS, INTS, STRINGS = 1, 2, 6, 7, 8  # noqa: E741 - the kinds of attributes, as ONNX has them


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def attribute(name: str, kind: int, values) -> bytes:
    body = field(1, name)
    if kind == INTS:
        body += b"".join(field(8, value) for value in values)
    elif kind == STRINGS:
        body += b"".join(field(9, value) for value in values)
    elif kind == FLOATS:
        body += b"".join(varint(7 << 3 | 5) + struct.pack("<f", value) for value in values)
    elif kind == I:
        body += field(3, values)
    else:
        body += field(4, values)
        kind = 3
    return field(5, body + field(20, kind))


def node(operator: str, inputs, outputs, *attributes: bytes, domain: str = "ai.onnx.ml") -> bytes:
    body = b"".join(field(1, name) for name in inputs) + b"".join(field(2, o) for o in outputs)
    return field(1, body + field(4, operator) + b"".join(attributes) + field(7, domain))


def value(name: str, kind: int, width: int | None) -> bytes:
    sizes = [field(1, field(2, "N"))] + ([field(1, field(1, width))] if width else [])
    tensor = field(1, kind) + field(2, b"".join(sizes))
    return field(1, name) + field(2, field(1, tensor))


def model(nodes: bytes, width: int, outputs, *, extra: bytes = b"") -> bytes:
    graph = nodes + field(2, "g") + field(11, value("X", FLOAT, width)) + extra
    graph += b"".join(field(12, value(*output)) for output in outputs)
    opsets = field(8, field(1, "") + field(2, 15)) + field(8, field(1, "ai.onnx.ml") + field(2, 3))
    return field(1, 8) + field(7, graph) + opsets


def classifier(coefficients, intercepts, labels) -> bytes:
    linear = node(
        "LinearClassifier",
        ["X"],
        ["label", "probabilities"],
        attribute("coefficients", FLOATS, np.ravel(coefficients)),
        attribute("intercepts", FLOATS, intercepts),
        attribute("classlabels_strings", STRINGS, labels),
        attribute("multi_class", I, 1),
        attribute("post_transform", F, "SOFTMAX"),
    )
    outputs = [("label", STRING, None), ("probabilities", FLOAT, len(labels))]
    return model(linear, np.shape(coefficients)[1], outputs)


def regressor(coefficients, intercept) -> bytes:
    linear = node(
        "LinearRegressor",
        ["X"],
        ["variable"],
        attribute("coefficients", FLOATS, coefficients),
        attribute("intercepts", FLOATS, [intercept]),
    )
    return model(linear, len(coefficients), [("variable", FLOAT, 1)])


def tree(feature: int, width: int = 2) -> bytes:
    """Return a regression tree of one split on a column."""
    ensemble = node(
        "TreeEnsembleRegressor",
        ["X"],
        ["variable"],
        attribute("n_targets", I, 1),
        attribute("nodes_treeids", INTS, [0, 0, 0]),
        attribute("nodes_nodeids", INTS, [0, 1, 2]),
        attribute("nodes_featureids", INTS, [feature, 0, 0]),
        attribute("nodes_modes", STRINGS, ["BRANCH_LEQ", "LEAF", "LEAF"]),
        attribute("nodes_values", FLOATS, [0.5, 0, 0]),
        attribute("nodes_truenodeids", INTS, [1, 0, 0]),
        attribute("nodes_falsenodeids", INTS, [2, 0, 0]),
        attribute("target_treeids", INTS, [0, 0]),
        attribute("target_nodeids", INTS, [1, 2]),
        attribute("target_ids", INTS, [0, 0]),
        attribute("target_weights", FLOATS, [1.0, 2.0]),
    )
    return model(ensemble, width, [("variable", FLOAT, 1)])
