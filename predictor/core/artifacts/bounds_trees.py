"""Index checks of decision trees and of the ensembles that contain them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from predictor.core.errors import ArtifactError

# Function that raises ArtifactError for an object that fails its check.
Rule = Callable[[Any], None]

LEAF = -1

# Length of a set of 256 categories, in words of 32 bits.
BITSET_WORDS = 8

MISSING_COLUMN = "The preprocessor of a histogram boosting omits a column."


def require(condition: object, message: str) -> None:
    """Raise ArtifactError with a message if a condition is false."""
    if not condition:
        raise ArtifactError(message)


def _check_tree(tree: Any) -> None:
    """Check that the children of each node exist and come after the node."""
    state = tree.__getstate__()
    nodes, count = state["nodes"], tree.node_count
    left, right = nodes["left_child"], nodes["right_child"]
    require(
        0 < count == len(nodes)
        and tree.n_outputs == len(np.atleast_1d(tree.n_classes)) > 0 < tree.max_n_classes,
        "The number of nodes or outputs of a decision tree is wrong.",
    )
    leaves = left == LEAF
    position = np.arange(count)
    for child in (left, right):
        inside = (child > position) & (child < count)
        require(
            (inside | leaves).all() and (child[leaves] == LEAF).all(),
            "A node of a decision tree has a child out of range.",
        )
    feature = nodes["feature"][~leaves]
    require(
        ((feature >= 0) & (feature < tree.n_features)).all(),
        "A node of a decision tree splits on a column that does not exist.",
    )


def _check_decision_tree(estimator: Any) -> None:
    tree = estimator.tree_
    require(
        type(tree).__name__ == "Tree"
        and tree.n_features == estimator.n_features_in_
        and tree.n_outputs == estimator.n_outputs_,
        "A decision tree and its estimator have different columns or outputs.",
    )


def _check_forest(forest: Any) -> None:
    """Check all trees of a forest. scikit-learn validates rows only by the first tree."""
    for tree in forest.estimators_:
        require(
            hasattr(tree, "tree_")
            and tree.n_features_in_ == forest.n_features_in_
            and tree.n_outputs_ == forest.n_outputs_,
            "A tree and its forest have different columns or outputs.",
        )


def _check_gradient_boosting(estimator: Any) -> None:
    """Check all trees of a boosting. scikit-learn reads them as an array without a check."""
    trees = estimator.estimators_
    require(
        trees.ndim == 2 and trees.shape[1] == estimator.n_trees_per_iteration_,  # noqa: PLR2004 - iterations and classes
        "The number of trees of a gradient boosting is wrong.",
    )
    for tree in trees.ravel():
        require(
            type(tree.tree_).__name__ == "Tree"
            and tree.tree_.n_features == estimator.n_features_in_
            and tree.tree_.n_outputs == tree.tree_.max_n_classes == 1,
            "A tree and its gradient boosting have different columns or outputs.",
        )


def _check_isolation_forest(forest: Any) -> None:
    require(
        len(forest.estimators_) == len(forest.estimators_features_),
        "An isolation forest has no columns for some of its trees.",
    )
    columns_by_tree = map(np.asarray, forest.estimators_features_)
    for tree, columns in zip(forest.estimators_, columns_by_tree, strict=True):
        has_all = forest._max_features == forest.n_features_in_  # noqa: SLF001 - its prediction reads it
        require(
            tree.tree_.n_features == (forest.n_features_in_ if has_all else len(columns))
            and columns.min() >= 0
            and columns.max() < forest.n_features_in_,
            "A tree and its isolation forest have different columns.",
        )


def _check_predictor(predictor: Any) -> None:
    nodes = predictor.nodes
    count = len(nodes)
    inner = nodes[nodes["is_leaf"] == 0]
    position = np.flatnonzero(nodes["is_leaf"] == 0)
    require(count > 0, "A tree of a histogram boosting has no nodes.")
    for child in (inner["left"], inner["right"]):
        require(
            ((child > position) & (child < count)).all(),
            "A node of a histogram boosting has a child out of range.",
        )
    bitsets = predictor.raw_left_cat_bitsets
    split = inner["bitset_idx"][inner["is_categorical"] != 0]
    require(
        bitsets.ndim == 2 and bitsets.shape[1] == BITSET_WORDS and (split < len(bitsets)).all(),  # noqa: PLR2004 - rows and words
        "A node of a histogram boosting splits on categories that do not exist.",
    )


def _check_histogram_boosting(estimator: Any) -> None:
    count = estimator.n_features_in_
    mapper = estimator._bin_mapper  # noqa: SLF001 - its prediction reads it
    categorical = np.asarray(mapper.is_categorical_, dtype=bool)
    require(
        len(categorical) == len(mapper.bin_thresholds_) == count,
        "A histogram boosting has bins for other columns.",
    )
    for predictor in (tree for trees in estimator._predictors for tree in trees):  # noqa: SLF001
        inner = predictor.nodes[predictor.nodes["is_leaf"] == 0]
        feature = inner["feature_idx"]
        require(
            type(predictor).__name__ == "TreePredictor"
            and ((feature >= 0) & (feature < count)).all()
            and categorical[feature[inner["is_categorical"] != 0]].all(),
            "A node of a histogram boosting splits on a column that does not exist.",
        )
    if estimator._preprocessor is not None:  # noqa: SLF001
        _check_preprocessor(estimator._preprocessor, count)  # noqa: SLF001


def _check_preprocessor(preprocessor: Any, count: int) -> None:
    """Check that the preprocessor of a histogram boosting outputs each column once."""
    n_outputs = 0
    for _, step, columns in preprocessor.transformers_:
        if isinstance(step, str):
            continue
        check = getattr(getattr(step, "func", None), "func", None)
        is_check = getattr(check, "__name__", "") == "check_array"
        kind = type(step).__name__
        require(
            kind == "OrdinalEncoder" or (kind == "FunctionTransformer" and is_check),
            "A histogram boosting has an unsupported preprocessor.",
        )
        mask = np.asarray(columns)
        require(mask.dtype == bool and len(mask) == count, MISSING_COLUMN)
        n_outputs += int(mask.sum())
    require(n_outputs == count, MISSING_COLUMN)


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
