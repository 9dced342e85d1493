"""Bounds of trees: decision trees, forests, boosting, isolation forests, histogram boosting."""

from collections.abc import Callable
from typing import Any

import numpy as np

from predictor.core.errors import ArtifactError

Rule = Callable[[Any], None]

LEAF = -1

# A set of 256 categories, in words of 32 bits.
BITSET_WORDS = 8


def require(claim: object, sentence: str) -> None:
    """Raise the sentence unless the claim holds."""
    if not claim:
        raise ArtifactError(sentence)


def check_tree(tree: Any) -> None:
    """Check the nodes of a decision tree: children come after their parents, and exist."""
    state = tree.__getstate__()
    nodes, count = state["nodes"], tree.node_count
    left, right = nodes["left_child"], nodes["right_child"]
    require(0 < count == len(nodes), "A decision tree has another number of nodes than it says.")
    require(
        tree.n_outputs == len(np.atleast_1d(tree.n_classes)) > 0 < tree.max_n_classes,
        "A decision tree has no outputs.",
    )
    leaves = left == LEAF
    position = np.arange(count)
    for child in (left, right):
        inside = (child > position) & (child < count)
        require(
            (inside | leaves).all() and (child[leaves] == LEAF).all(),
            "A node of a decision tree points outside of the tree.",
        )
    feature = nodes["feature"][~leaves]
    require(
        ((feature >= 0) & (feature < tree.n_features)).all(),
        "A node of a decision tree splits on a column that is not there.",
    )


def check_decision_tree(estimator: Any) -> None:
    """Check that an estimator's tree takes the columns that the estimator takes."""
    tree = estimator.tree_
    require(type(tree).__name__ == "Tree", "A decision tree holds no tree.")
    require(
        tree.n_features == estimator.n_features_in_ and tree.n_outputs == estimator.n_outputs_,
        "A decision tree takes other columns than it says.",
    )


def check_forest(forest: Any) -> None:
    """Check that all trees of a forest take its columns: only the first one is asked."""
    for tree in forest.estimators_:
        require(
            hasattr(tree, "tree_")
            and tree.n_features_in_ == forest.n_features_in_
            and tree.n_outputs_ == forest.n_outputs_,
            "A tree of a forest takes other columns than the forest.",
        )


def check_gradient_boosting(estimator: Any) -> None:
    """Check the trees that are read as one table, without a question to any of them."""
    trees = estimator.estimators_
    require(
        trees.ndim == 2 and trees.shape[1] == estimator.n_trees_per_iteration_,  # noqa: PLR2004 - iterations and classes
        "A boosted ensemble has another number of trees than it says.",
    )
    for tree in trees.ravel():
        require(
            type(tree.tree_).__name__ == "Tree"
            and tree.tree_.n_features == estimator.n_features_in_
            and tree.tree_.n_outputs == tree.tree_.max_n_classes == 1,
            "A tree of a boosted ensemble takes other columns than the ensemble.",
        )


def check_isolation_forest(forest: Any) -> None:
    """Check the columns of each tree of an isolation forest: no tree is asked."""
    require(
        len(forest.estimators_) == len(forest.estimators_features_),
        "An isolation forest does not know the columns of its trees.",
    )
    chosen_by_tree = map(np.asarray, forest.estimators_features_)
    for tree, chosen in zip(forest.estimators_, chosen_by_tree, strict=True):
        whole = forest._max_features == forest.n_features_in_  # noqa: SLF001 - as its own prediction asks
        require(
            tree.tree_.n_features == (forest.n_features_in_ if whole else len(chosen))
            and chosen.min() >= 0
            and chosen.max() < forest.n_features_in_,
            "A tree of an isolation forest takes other columns than the forest.",
        )


def check_predictor(predictor: Any) -> None:
    """Check the nodes of a tree of histogram boosting."""
    nodes = predictor.nodes
    count = len(nodes)
    inner = nodes[nodes["is_leaf"] == 0]
    position = np.flatnonzero(nodes["is_leaf"] == 0)
    require(count > 0, "A tree of histogram boosting has no nodes.")
    for child in (inner["left"], inner["right"]):
        require(
            ((child > position) & (child < count)).all(),
            "A node of a tree of histogram boosting points outside of the tree.",
        )
    bitsets = predictor.raw_left_cat_bitsets
    split = inner["bitset_idx"][inner["is_categorical"] != 0]
    require(
        bitsets.ndim == 2 and bitsets.shape[1] == BITSET_WORDS and (split < len(bitsets)).all(),  # noqa: PLR2004 - rows and words
        "A node of a tree of histogram boosting points outside of its categories.",
    )


def check_histogram_boosting(estimator: Any) -> None:
    """Check the columns that the trees of histogram boosting split on."""
    count = estimator.n_features_in_
    mapper = estimator._bin_mapper  # noqa: SLF001 - what its own prediction reads
    categorical = np.asarray(mapper.is_categorical_, dtype=bool)
    require(
        len(categorical) == len(mapper.bin_thresholds_) == count,
        "Histogram boosting bins other columns than it takes.",
    )
    for predictor in (one for each in estimator._predictors for one in each):  # noqa: SLF001
        inner = predictor.nodes[predictor.nodes["is_leaf"] == 0]
        feature = inner["feature_idx"]
        require(
            type(predictor).__name__ == "TreePredictor"
            and ((feature >= 0) & (feature < count)).all()
            and categorical[feature[inner["is_categorical"] != 0]].all(),
            "A tree of histogram boosting splits on a column that is not there.",
        )
    if estimator._preprocessor is not None:  # noqa: SLF001
        _check_preprocessor(estimator._preprocessor, count)  # noqa: SLF001


def _check_preprocessor(preprocessor: Any, count: int) -> None:
    """Check that what stands before histogram boosting hands on every column, and no other."""
    handed = 0
    for _, step, columns in preprocessor.transformers_:
        if isinstance(step, str):
            continue
        check = getattr(getattr(step, "func", None), "func", None)
        plain = getattr(check, "__name__", "") == "check_array"
        kind = type(step).__name__
        require(
            kind == "OrdinalEncoder" or (kind == "FunctionTransformer" and plain),
            "Histogram boosting has an unusual step before it.",
        )
        mask = np.asarray(columns)
        require(mask.dtype == bool and len(mask) == count, "Histogram boosting loses a column.")
        handed += int(mask.sum())
    require(handed == count, "Histogram boosting loses a column.")


CHECKS: dict[str, tuple[str, Rule]] = {
    "sklearn.tree._tree.Tree": ("", check_tree),
    "sklearn.tree._classes.BaseDecisionTree": ("tree_", check_decision_tree),
    "sklearn.ensemble._forest.BaseForest": ("estimators_", check_forest),
    "sklearn.ensemble._gb.BaseGradientBoosting": ("estimators_", check_gradient_boosting),
    "sklearn.ensemble._iforest.IsolationForest": ("estimators_", check_isolation_forest),
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": ("", check_predictor),
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.BaseHistGradientBoosting": (
        "_predictors",
        check_histogram_boosting,
    ),
}
