"""Index checks of decision trees and of the ensembles that contain them."""

from collections.abc import Callable
from typing import Any

import numpy as np

# Function that returns whether the indices and shapes in an object match.
Rule = Callable[[Any], object]

LEAF = -1

# Length of a set of 256 categories, in words of 32 bits.
BITSET_WORDS = 8


def _check_tree(tree: Any) -> object:
    """Check that the children of each node exist and come after the node."""
    nodes, count = tree.__getstate__()["nodes"], tree.node_count
    leaves = nodes["left_child"] == LEAF
    feature = nodes["feature"][~leaves]
    return (
        0 < count == len(nodes)
        and tree.n_outputs == len(np.atleast_1d(tree.n_classes)) > 0 < tree.max_n_classes
        and all(
            (_are_after_parents(child, np.arange(count), count) | leaves).all()
            and (child[leaves] == LEAF).all()
            for child in (nodes["left_child"], nodes["right_child"])
        )
        and ((feature >= 0) & (feature < tree.n_features)).all()
    )


def _are_after_parents(children: Any, parents: Any, count: int) -> Any:
    return (children > parents) & (children < count)


def _check_decision_tree(estimator: Any) -> object:
    tree = estimator.tree_
    return (
        type(tree).__name__ == "Tree"
        and tree.n_features == estimator.n_features_in_
        and tree.n_outputs == estimator.n_outputs_
    )


def _check_forest(forest: Any) -> object:
    """Check all trees of a forest. scikit-learn validates rows only by the first tree."""
    return all(
        hasattr(tree, "tree_")
        and tree.n_features_in_ == forest.n_features_in_
        and tree.n_outputs_ == forest.n_outputs_
        for tree in forest.estimators_
    )


def _check_gradient_boosting(estimator: Any) -> object:
    """Check all trees of a boosting. scikit-learn reads them as an array without a check."""
    trees = estimator.estimators_
    return trees.shape == (len(trees), estimator.n_trees_per_iteration_) and all(
        type(tree.tree_).__name__ == "Tree"
        and tree.tree_.n_features == estimator.n_features_in_
        and tree.tree_.n_outputs == tree.tree_.max_n_classes == 1
        for tree in trees.ravel()
    )


def _check_isolation_forest(forest: Any) -> object:
    columns_by_tree = list(map(np.asarray, forest.estimators_features_))
    has_all = forest._max_features == forest.n_features_in_  # noqa: SLF001 - its prediction reads it
    return len(forest.estimators_) == len(columns_by_tree) and all(
        tree.tree_.n_features == (forest.n_features_in_ if has_all else len(columns))
        and columns.min() >= 0
        and columns.max() < forest.n_features_in_
        for tree, columns in zip(forest.estimators_, columns_by_tree, strict=True)
    )


def _check_predictor(predictor: Any) -> object:
    nodes, bitsets = predictor.nodes, predictor.raw_left_cat_bitsets
    parents = np.flatnonzero(nodes["is_leaf"] == 0)
    inner = nodes[parents]
    split = inner["bitset_idx"][inner["is_categorical"] != 0]
    return (
        len(nodes) > 0
        and _are_after_parents(inner["left"], parents, len(nodes)).all()
        and _are_after_parents(inner["right"], parents, len(nodes)).all()
        and bitsets.shape == (len(bitsets), BITSET_WORDS)
        and (split < len(bitsets)).all()
    )


def _check_histogram_boosting(estimator: Any) -> object:
    n_columns = estimator.n_features_in_
    mapper, preprocessor = estimator._bin_mapper, estimator._preprocessor  # noqa: SLF001 - its prediction reads them
    categorical = np.asarray(mapper.is_categorical_, dtype=bool)
    trees = [tree for trees in estimator._predictors for tree in trees]  # noqa: SLF001 - as above
    return (
        len(categorical) == len(mapper.bin_thresholds_) == n_columns
        and all(_splits_on_columns(tree, categorical) for tree in trees)
        and (preprocessor is None or _returns_each_column(preprocessor, n_columns))
    )


def _splits_on_columns(predictor: Any, categorical: Any) -> object:
    inner = predictor.nodes[predictor.nodes["is_leaf"] == 0]
    feature = inner["feature_idx"]
    return (
        type(predictor).__name__ == "TreePredictor"
        and ((feature >= 0) & (feature < len(categorical))).all()
        and categorical[feature[inner["is_categorical"] != 0]].all()
    )


def _returns_each_column(preprocessor: Any, n_columns: int) -> object:
    """Return whether the preprocessor of a histogram boosting outputs each column once."""
    steps = [(s, np.asarray(c)) for _, s, c in preprocessor.transformers_ if not isinstance(s, str)]
    return (
        all(_preserves_number_of_columns(step) for step, _ in steps)
        and all(mask.dtype == bool and len(mask) == n_columns for _, mask in steps)
        and sum(int(mask.sum()) for _, mask in steps) == n_columns
    )


def _preserves_number_of_columns(step: Any) -> object:
    function = getattr(getattr(step, "func", None), "func", None)
    is_check = getattr(function, "__name__", "") == "check_array"
    kind = type(step).__name__
    return kind == "OrdinalEncoder" or (kind == "FunctionTransformer" and is_check)


CHECKS: dict[str, tuple[str, Rule]] = {
    "sklearn.tree._tree.Tree": ("", _check_tree),
    "sklearn.tree._classes.BaseDecisionTree": ("tree_", _check_decision_tree),
    "sklearn.ensemble._forest.BaseForest": ("estimators_", _check_forest),
    "sklearn.ensemble._gb.BaseGradientBoosting": ("estimators_", _check_gradient_boosting),
    "sklearn.ensemble._iforest.IsolationForest": ("estimators_", _check_isolation_forest),
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": ("", _check_predictor),
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.BaseHistGradientBoosting": (
        "_predictors",
        _check_histogram_boosting,
    ),
}
