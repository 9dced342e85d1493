"""Models of Treelite, which reads estimators of trees, as ensembles for ONNX Runtime."""

from typing import Any, NamedTuple

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.onnx_trees import AMONG, AT_MOST, Ensemble

# As Treelite counts what nodes are, and how they compare.
LEAF, CATEGORY = 0, 2
LESS_OR_EQUAL = 3

# By how much the probabilities of a leaf may differ from 1.
WHOLE = 1e-12

# A tree adds to one sum alone: it is there once for each of its outputs.
MOST_NODES = 20_000_000


class Converted(NamedTuple):
    """An ensemble, and how its sums become outputs: `sums / averaged @ spread + base`.

    Attributes
    ----------
    ensemble : Ensemble
    averaged : int
        How many trees there are, where the outputs are means; else 1.
    spread : array of shape (n_sums, n_targets * most_classes)
    base : array of shape (n_targets, most_classes)
    """

    ensemble: Ensemble
    averaged: int
    spread: Array
    base: Array


class Leaves(NamedTuple):
    """What the leaves of a tree add.

    Attributes
    ----------
    outputs : array of shape (n_own_outputs,)
        To which of the outputs.
    weights : array of shape (n_leaves, n_own_outputs)
    """

    outputs: Array
    weights: Array


def converted(model: Any) -> Converted:
    """Return a model of Treelite as an ensemble.

    Raises
    ------
    NotCompilable
        It asks what an ensemble cannot, or is too large.
    """
    header = model.get_header_accessor()
    n_classes = header.get_field("num_class")
    base = header.get_field("base_scores").reshape(len(n_classes), n_classes.max()).copy()
    means = bool(header.get_field("average_tree_output")[0])
    trees = [model.get_tree_accessor(number) for number in range(model.num_tree)]
    numbers = np.arange(base.size).reshape(base.shape)
    leaves = [
        _leaves(tree, numbers, int(target), int(label))
        for tree, target, label in zip(
            trees, header.get_field("target_id"), header.get_field("class_id"), strict=True
        )
    ]
    spread = np.eye(base.size)
    for target, count in enumerate(n_classes if means else ()):
        own = numbers[target, :count]
        if count > 1 and all(_are_whole(each, own) for each in leaves):
            # The others determine the last.
            spread[own, own[-1]] = -1.0
            spread[own[-1]] = 0.0
            base[target, count - 1] += 1.0
    used = np.flatnonzero(spread.any(axis=1))
    parts = [
        (tree, each.weights[:, column], np.searchsorted(used, output))
        for tree, each in zip(trees, leaves, strict=True)
        for column, output in enumerate(each.outputs)
        if output in used and (each.weights[:, column].any() or len(each.outputs) == 1)
    ]
    return Converted(_ensemble(parts, len(used)), len(trees) if means else 1, spread[used], base)


def _leaves(tree: Any, numbers: Array, target: int, label: int) -> Leaves:
    """Return what the leaves add; -1 is every target, or every class of it."""
    at = tree.get_field("node_type") == LEAF
    targets = numbers if target < 0 else numbers[target : target + 1]
    outputs = (targets if label < 0 else targets[:, label : label + 1]).ravel()
    vectors = tree.get_field("leaf_vector")
    if not len(vectors):
        return Leaves(outputs, tree.get_field("leaf_value")[at][:, np.newaxis])
    starts = tree.get_field("leaf_vector_begin")[at].astype(np.intp)
    return Leaves(outputs, vectors[starts[:, np.newaxis] + np.arange(len(outputs))])


def _are_whole(leaves: Leaves, outputs: Array) -> bool:
    own = np.isin(leaves.outputs, outputs)
    return bool((np.abs(leaves.weights[:, own].sum(axis=1) - 1.0) <= WHOLE).all())


def _ensemble(parts: list[tuple[Any, Array, Any]], n_sums: int) -> Ensemble:
    """Return trees, each with the weights of its leaves and the sum that they add to."""
    if sum(len(tree.get_field("node_type")) for tree, *_ in parts) > MOST_NODES:
        raise NotCompilable(f"Its trees have more than {MOST_NODES:,} nodes.")
    found: dict[str, list[Array]] = {}
    n_nodes = n_leaves = 0
    for tree, weights, position in parts:
        nodes = _nodes(tree)
        for side in ("yes", "no"):
            nodes[side] = nodes[side] + np.where(nodes[f"{side}_ends"], n_leaves, n_nodes)
        nodes["roots"] = np.array([n_nodes])
        nodes["sums"] = np.full(len(weights), position)
        nodes["weights"] = weights
        n_nodes, n_leaves = n_nodes + len(nodes["features"]), n_leaves + len(weights)
        for name, values in nodes.items():
            found.setdefault(name, []).append(values)
    arrays = {name: np.concatenate(values) for name, values in found.items()}
    return Ensemble(n_sums, **arrays)


def _nodes(tree: Any) -> dict[str, Array]:
    """Return the nodes of a tree, numbered from 0, and where a row goes from them."""
    kind, left, right = (tree.get_field(name) for name in ("node_type", "cleft", "cright"))
    inner = kind != LEAF
    if not inner.any():  # a leaf alone, whichever way
        nowhere, one = np.zeros(1, dtype=np.intp), np.ones(1, dtype=np.intp)
        ends = {"yes": nowhere, "yes_ends": one, "no": nowhere, "no_ends": one}
        asked = {"features": nowhere, "thresholds": np.zeros(1), "tests": nowhere}
        return {**asked, **ends, "missing_is_yes": nowhere, "members": np.empty(0)}
    among = kind[inner] == CATEGORY
    if (tree.get_field("cmp")[inner][~among] != LESS_OR_EQUAL).any():
        raise NotCompilable("Its trees compare in another way than `<=`.")
    number = np.where(inner, inner.cumsum(), (~inner).cumsum()) - 1
    yes, no = left[inner], right[inner]
    missing = tree.get_field("default_left")[inner].astype(bool)
    # Where what is among the categories goes right, that side is the yes.
    turned = among & tree.get_field("category_list_right_child")[inner].astype(bool)
    yes, no = np.where(turned, no, yes), np.where(turned, yes, no)
    return {
        "features": tree.get_field("split_index")[inner],
        "thresholds": np.where(among, 0.0, tree.get_field("threshold")[inner]),
        "tests": np.where(among, AMONG, AT_MOST),
        "yes": number[yes],
        "yes_ends": (~inner)[yes],
        "no": number[no],
        "no_ends": (~inner)[no],
        "missing_is_yes": missing ^ turned,
        "members": _members(tree, inner),
    }


def _members(tree: Any, inner: Array) -> Array:
    """Return the categories of each node that asks for some, and NaN after each."""
    listed = tree.get_field("category_list")
    if not len(listed):
        return np.empty(0)
    kind = tree.get_field("node_type")[inner]
    bounds = [tree.get_field(f"category_list_{end}")[inner].astype(int) for end in ("begin", "end")]
    each = [
        np.append(listed[begin:end].astype(np.float64), np.nan)
        for begin, end, one in zip(*bounds, kind, strict=True)
        if one == CATEGORY
    ]
    return np.concatenate(each)
