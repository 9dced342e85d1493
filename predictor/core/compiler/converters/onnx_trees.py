"""Write decision trees as an ONNX model of one TreeEnsemble operator in double precision.

References
----------
https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html, version 5
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from onnx import AttributeProto, NodeProto, TensorProto, helper, numpy_helper

from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.trees import INPUT, OUTPUT
from predictor.core.compiler.converters.tree_reader import Tree

# Codes of the operator: `x <= split`, `x in members`; sum the leaves; no function of the sums.
AT_MOST, IN_MEMBERS = 0, 6
SUM, NO_TRANSFORM = 1, 0

DOMAIN, OPSET, IR_VERSION = "ai.onnx.ml", 5, 10

# A tree of the operator adds to one sum, so a tree of several outputs is repeated for each.
MOST_NODES = 20_000_000


class WeightedTree(NamedTuple):
    """A tree that adds to one of several sums.

    Parameters
    ----------
    tree : Tree
    weights : array of shape (n_leaves,), float64
        The number that each leaf adds.
    sum_index : int
    """

    tree: Tree
    weights: Array
    sum_index: int


def to_onnx(trees: Sequence[WeightedTree], n_sums: int) -> bytes:
    """Return an ONNX model that maps rows to sums of leaves.

    Parameters
    ----------
    trees : sequence of WeightedTree
    n_sums : int

    Returns
    -------
    model : bytes
        Input of shape (n_samples, n_features), output of shape (n_samples, n_sums), both float64.

    Raises
    ------
    NotCompilable
        The trees have too many nodes.
    """
    if sum(len(tree.left) for tree, *_ in trees) > MOST_NODES:
        raise NotCompilable(f"Trees with more than {MOST_NODES:,} nodes are not compiled.")
    node = NodeProto(op_type="TreeEnsemble", domain=DOMAIN, input=[INPUT], output=[OUTPUT])
    numbers = {"n_targets": n_sums, "aggregate_function": SUM, "post_transform": NO_TRANSFORM}
    for name, number in numbers.items():
        node.attribute.append(AttributeProto(name=name, type=AttributeProto.INT, i=number))
    for name, values in _attributes(trees).items():
        if values.dtype in (np.float64, np.uint8):
            attribute = AttributeProto(
                name=name, type=AttributeProto.TENSOR, t=numpy_helper.from_array(values)
            )
        else:
            attribute = AttributeProto(name=name, type=AttributeProto.INTS, ints=values.tolist())
        node.attribute.append(attribute)
    rows = helper.make_tensor_value_info(INPUT, TensorProto.DOUBLE, ["rows", "columns"])
    sums = helper.make_tensor_value_info(OUTPUT, TensorProto.DOUBLE, ["rows", n_sums])
    opset = helper.make_opsetid(DOMAIN, OPSET)
    graph = helper.make_graph([node], "trees", [rows], [sums])
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    data: bytes = model.SerializeToString()
    return data


def _attributes(trees: Sequence[WeightedTree]) -> dict[str, Array]:
    """Return the attributes of the operator that describe the trees, one after the other."""
    parts: dict[str, list[Array]] = {}
    n_nodes = n_leaves = 0
    for tree, weights, sum_index in trees:
        arrays = _nodes(tree)
        for side in ("true", "false"):
            start = np.where(arrays[f"nodes_{side}leafs"], n_leaves, n_nodes)
            arrays[f"nodes_{side}nodeids"] = arrays[f"nodes_{side}nodeids"] + start
        arrays["tree_roots"] = np.array([n_nodes])
        arrays["leaf_targetids"] = np.full(len(weights), sum_index)
        arrays["leaf_weights"] = weights
        n_nodes += len(arrays["nodes_featureids"])
        n_leaves += len(weights)
        for name, values in arrays.items():
            parts.setdefault(name, []).append(values)
    attributes = {name: np.concatenate(values) for name, values in parts.items()}
    if not len(attributes["membership_values"]):
        del attributes["membership_values"]
    return attributes


def _nodes(tree: Tree) -> dict[str, Array]:
    """Return the inner nodes of a tree, numbered from 0 without its leaves.

    Branches that end in a leaf have the number of the leaf among the leaves of the tree.
    """
    inner = ~tree.is_leaf
    if not inner.any():  # The operator needs a node: both its branches lead to the only leaf.
        zero, one = np.zeros(1, dtype=np.intp), np.ones(1, dtype=np.intp)
        names = ("featureids", "truenodeids", "falsenodeids", "missing_value_tracks_true")
        return {
            **{f"nodes_{name}": zero for name in names},
            "nodes_trueleafs": one,
            "nodes_falseleafs": one,
            "nodes_splits": np.zeros(1),
            "nodes_modes": zero.astype(np.uint8),
            "membership_values": np.empty(0),
        }
    number = np.where(inner, inner.cumsum(), tree.is_leaf.cumsum()) - 1
    by_category = tree.is_categorical[inner]
    return {
        "nodes_featureids": tree.feature[inner],
        "nodes_splits": np.where(by_category, 0.0, tree.threshold[inner]),
        "nodes_modes": np.where(by_category, IN_MEMBERS, AT_MOST).astype(np.uint8),
        "nodes_truenodeids": number[tree.left[inner]],
        "nodes_trueleafs": tree.is_leaf[tree.left[inner]].astype(np.intp),
        "nodes_falsenodeids": number[tree.right[inner]],
        "nodes_falseleafs": tree.is_leaf[tree.right[inner]].astype(np.intp),
        "nodes_missing_value_tracks_true": tree.missing_left[inner].astype(np.intp),
        "membership_values": tree.members,
    }
