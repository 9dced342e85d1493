"""Arrays of decision trees, their check, and the ONNX model that is built of them.

References
----------
https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html, version 5
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import AttributeProto, NodeProto, helper, numpy_helper

from predictor.core.compiled.compiled_estimator import Array, NotCompilable

# Names of the input and the output of the ONNX model.
INPUT, OUTPUT = "X", "sums"

# Codes of the operator: `x <= split`, `x in members`; sum the leaves; no function of the sums.
AT_MOST, IN_MEMBERS = 0, 6
SUM, NO_TRANSFORM = 1, 0

DOMAIN, OPSET, IR_VERSION = "ai.onnx.ml", 5, 10

# ONNX Runtime reads trees by recursion: a tree of 20,000 levels ends the process.
MAX_DEPTH = 2_000

# float32 represents all whole numbers up to this limit.
MAX_FLOAT32 = 2**24

# Attributes of the operator, and the dtypes of their values in the order of preference.
NODES = {
    "nodes_featureids": np.int32,
    "nodes_splits": np.float64,
    "nodes_modes": np.uint8,
    "nodes_truenodeids": np.int32,
    "nodes_trueleafs": np.bool_,
    "nodes_falsenodeids": np.int32,
    "nodes_falseleafs": np.bool_,
    "nodes_missing_value_tracks_true": np.bool_,
}
LEAVES = {"leaf_targetids": np.int32, "leaf_weights": np.float64}
OTHERS = {"tree_roots": np.int32, "membership_values": np.float64}
DTYPES = NODES | LEAVES | OTHERS


def check_trees(arrays: Mapping[str, Array], n_features: int, n_sums: int) -> None:
    """Check that arrays describe trees, so that ONNX Runtime stays within them.

    Parameters
    ----------
    arrays : mapping of str to array
        The attributes of the operator, with the names and dtypes of `DTYPES`.
    n_features, n_sums : int
        Number of columns of the input and the output.

    Raises
    ------
    NotCompilable
        An array is missing or has another dtype or length; an index is out of bounds; a node is
        not reached exactly once; a tree is too deep.
    """
    dtypes = {name: array.dtype for name, array in arrays.items()}
    _require(dtypes == DTYPES and all(array.ndim == 1 for array in arrays.values()), "dtypes")
    _require(len({len(arrays[name]) for name in NODES}) == 1, "numbers of nodes")
    _require(len({len(arrays[name]) for name in LEAVES}) == 1, "numbers of leaves")
    _require_range(arrays["nodes_featureids"], n_features, "columns")
    _require_range(arrays["leaf_targetids"], n_sums, "sums")
    modes, members = arrays["nodes_modes"], arrays["membership_values"]
    _require(bool(np.isin(modes, (AT_MOST, IN_MEMBERS)).all()), "modes")
    ends = np.isnan(members)
    n_groups = np.count_nonzero(modes == IN_MEMBERS)
    _require(np.count_nonzero(ends) == n_groups and bool(ends[-1:].all()), "categories")
    _check_paths(arrays)


def _check_paths(arrays: Mapping[str, Array]) -> None:
    """Check the children: each node and each leaf has one parent, and no path is too long."""
    n_nodes, n_leaves = len(arrays["nodes_modes"]), len(arrays["leaf_weights"])
    n_visits = np.zeros(n_nodes, dtype=np.int32)
    level = arrays["tree_roots"]
    for _ in range(MAX_DEPTH):
        _require_range(level, n_nodes, "nodes")
        np.add.at(n_visits, level, 1)
        children = []
        for side in ("true", "false"):
            is_leaf = arrays[f"nodes_{side}leafs"][level]
            targets = arrays[f"nodes_{side}nodeids"][level]
            _require_range(targets[is_leaf], n_leaves, "leaves")
            children.append(targets[~is_leaf])
        level = np.concatenate(children)
        if not len(level):
            break
        _require(len(level) <= n_nodes, "children")
    else:
        raise NotCompilable(f"A tree has more than {MAX_DEPTH:,} levels.")
    _require(bool((n_visits == 1).all()), "children")


def _require_range(indices: Array, size: int, name: str) -> None:
    is_in_range = not len(indices) or (indices.min() >= 0 and indices.max() < size)
    _require(bool(is_in_range), name)


def _require(is_valid: bool, name: str) -> None:  # noqa: FBT001 - a condition
    if not is_valid:
        raise NotCompilable(f"The {name} of the trees do not match.")


def sums_are_exact_in_float32(arrays: Mapping[str, Array]) -> bool:
    """Return whether float32 represents all sums of leaves exactly.

    That is so if each sum has one tree, or if the leaves are whole numbers, such as the
    probabilities 0 and 1 of trees that are fully grown.
    """
    weights, n_trees = arrays["leaf_weights"], len(arrays["tree_roots"])
    n_sums = len(np.unique(arrays["leaf_targetids"]))  # without the sums that have no tree
    with np.errstate(over="ignore"):
        is_exact = np.array_equal(weights.astype(np.float32), weights)
    if is_exact and n_trees > n_sums:
        largest = np.abs(weights).max(initial=0.0)
        is_exact = np.array_equal(np.rint(weights), weights) and n_trees * largest <= MAX_FLOAT32
    return is_exact


def to_onnx(arrays: Mapping[str, Array], n_sums: int, dtype: Any) -> bytes:
    """Return an ONNX model that maps rows to sums of leaves.

    Parameters
    ----------
    arrays : mapping of str to array
        See `check_trees`.
    n_sums : int
    dtype : {numpy.float32, numpy.float64}
        dtype of the rows. For float32, `sums_are_exact_in_float32`.

    Returns
    -------
    model : bytes
        Input of shape (n_samples, n_features), output of shape (n_samples, n_sums), both of the
        dtype.
    """
    node = NodeProto(op_type="TreeEnsemble", domain=DOMAIN, input=[INPUT], output=[OUTPUT])
    numbers = {"n_targets": n_sums, "aggregate_function": SUM, "post_transform": NO_TRANSFORM}
    for name, number in numbers.items():
        node.attribute.append(AttributeProto(name=name, type=AttributeProto.INT, i=number))
    for name, array in arrays.items():
        if not len(array):
            continue  # trees without categories
        values = _round_down(array, dtype) if array.dtype == np.float64 else array
        if values.dtype.kind == "f" or values.dtype == np.uint8:
            attribute = AttributeProto(
                name=name, type=AttributeProto.TENSOR, t=numpy_helper.from_array(values)
            )
        else:
            integers = values.astype(np.int64).tolist()
            attribute = AttributeProto(name=name, type=AttributeProto.INTS, ints=integers)
        node.attribute.append(attribute)
    number = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    rows = helper.make_tensor_value_info(INPUT, number, ["rows", "columns"])
    sums = helper.make_tensor_value_info(OUTPUT, number, ["rows", n_sums])
    opset = helper.make_opsetid(DOMAIN, OPSET)
    graph = helper.make_graph([node], "trees", [rows], [sums])
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    data: bytes = model.SerializeToString()
    return data


def _round_down(values: Array, dtype: Any) -> Array:
    """Return float64 numbers in a dtype: the same `x <= split` for every x of the dtype."""
    with np.errstate(over="ignore"):
        rounded = values.astype(dtype)
    return np.where(rounded > values, np.nextafter(rounded, dtype(-np.inf)), rounded)
