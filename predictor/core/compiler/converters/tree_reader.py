"""Read the nodes of fitted trees."""

from typing import Any, NamedTuple

import numpy as np

from predictor.core import sklearn_private
from predictor.core.compiled.compiled_estimator import Array, NotCompilable


class Tree(NamedTuple):
    """Nodes of one tree; the first node is the root.

    Parameters
    ----------
    is_leaf : array of shape (n_nodes,), bool
    left, right : array of shape (n_nodes,), int
        Numbers of the children. Rows with `x <= threshold`, or a category in `members`, go left.
    feature : array of shape (n_nodes,), int
    threshold : array of shape (n_nodes,), float64
    missing_left : array of shape (n_nodes,), bool
        Whether missing values go left.
    values : array of shape (n_leaves, n_outputs), float64
        Numbers that the leaves add, in the order of the leaves.
    is_categorical : array of shape (n_nodes,), bool
    members : array, float64
        Categories of each categorical node, in the order of the nodes, with NaN after each.
    """

    is_leaf: Array
    left: Array
    right: Array
    feature: Array
    threshold: Array
    missing_left: Array
    values: Array
    is_categorical: Array
    members: Array


def read_tree(estimator: Any, values: Array | None = None, features: Array | None = None) -> Tree:
    """Return the nodes of a fitted decision tree.

    Parameters
    ----------
    estimator : DecisionTreeClassifier, DecisionTreeRegressor or a subclass of them
    values : array of shape (n_nodes, n_outputs), optional
        Numbers to add instead of the tree's own.
    features : array of int, optional
        Columns that the tree was fitted on, if not all of them.
    """
    tree = estimator.tree_
    is_leaf = tree.children_left < 0
    values = tree.value.reshape(tree.node_count, -1) if values is None else values
    feature = np.where(is_leaf, 0, tree.feature)
    return Tree(
        is_leaf=is_leaf,
        left=tree.children_left,
        right=tree.children_right,
        feature=feature if features is None else np.asarray(features)[feature],
        threshold=tree.threshold,
        missing_left=tree.missing_go_to_left.astype(bool),
        values=values[is_leaf],
        is_categorical=np.zeros(tree.node_count, dtype=bool),
        members=np.empty(0),
    )


def read_histogram_trees(estimator: Any) -> list[list[Tree]]:
    """Return the trees of histogram gradient boosting: a list for each iteration.

    Raises
    ------
    NotCompilable
        Categories are not numbers.
    """
    columns, categories = _columns(estimator)
    return [
        [_read_predictor(predictor, columns, categories) for predictor in iteration]
        for iteration in sklearn_private.histogram_predictors(estimator) or []
    ]


def _columns(estimator: Any) -> tuple[Array, list[Array]]:
    """Return the column of each feature of the trees, and the categories of the first features."""
    preprocessor = sklearn_private.histogram_preprocessor(estimator)
    if preprocessor is None:
        return np.arange(estimator.n_features_in_), []
    is_categorical = np.asarray(estimator.is_categorical_)
    categories = preprocessor.named_transformers_["encoder"].categories_
    if any(values.dtype.kind not in "iuf" for values in categories):
        raise NotCompilable("Histogram boosting over categories of strings is not compiled.")
    columns = np.concatenate([np.flatnonzero(is_categorical), np.flatnonzero(~is_categorical)])
    return columns, [values.astype(np.float64) for values in categories]


def _read_predictor(predictor: Any, columns: Array, categories: list[Array]) -> Tree:
    nodes = predictor.nodes
    is_leaf = nodes["is_leaf"].astype(bool)
    is_categorical = nodes["is_categorical"].astype(bool) & ~is_leaf
    left, right = nodes["left"].astype(np.intp), nodes["right"].astype(np.intp)
    missing_left = nodes["missing_go_to_left"].astype(bool)
    # Categories that the encoder does not know go where missing values go: to the right here.
    swapped = is_categorical & missing_left
    left, right = np.where(swapped, right, left), np.where(swapped, left, right)
    members = [np.empty(0)]
    for node in np.flatnonzero(is_categorical).tolist():
        values = categories[nodes["feature_idx"][node]]
        bits = predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]].view(np.uint8)
        goes_left = np.unpackbits(bits, bitorder="little")[: len(values)] == 1
        left_categories = values[~goes_left if swapped[node] else goes_left]
        members += [left_categories[~np.isnan(left_categories)], np.array([np.nan])]
    return Tree(
        is_leaf=is_leaf,
        left=left,
        right=right,
        feature=columns[np.where(is_leaf, 0, nodes["feature_idx"])],
        threshold=nodes["num_threshold"],
        missing_left=missing_left & ~is_categorical,
        values=nodes["value"][is_leaf][:, np.newaxis],
        is_categorical=is_categorical,
        members=np.concatenate(members),
    )


def read_all_trees(estimator: Any) -> list[Tree]:
    """Return all trees of a fitted tree, forest or boosting estimator."""
    if sklearn_private.histogram_predictors(estimator):
        return [tree for iteration in read_histogram_trees(estimator) for tree in iteration]
    trees = np.ravel(getattr(estimator, "estimators_", [estimator]))
    features = getattr(estimator, "estimators_features_", [None] * len(trees))
    return [
        read_tree(tree, features=columns) for tree, columns in zip(trees, features, strict=True)
    ]
