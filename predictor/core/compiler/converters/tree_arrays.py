"""Arrays of trees, as the operator of ONNX Runtime reads them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.onnx_trees import AT_MOST, DTYPES, IN_MEMBERS
from predictor.core.compiler.converters.tree_reader import Tree

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


def to_arrays(trees: Sequence[WeightedTree]) -> dict[str, Array]:
    """Return the arrays that describe trees, one after the other; see `check_trees`.

    Raises
    ------
    NotCompilable
        The trees have too many nodes.
    """
    if sum(len(tree.left) for tree, *_ in trees) > MOST_NODES:
        raise NotCompilable(f"Trees with more than {MOST_NODES:,} nodes are not compiled.")
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
    return {name: np.concatenate(parts[name]).astype(dtype) for name, dtype in DTYPES.items()}


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
