"""Convert fitted trees and ensembles of trees."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.trees import (
    DOUBLE,
    SINGLE,
    BoostingClassifier,
    BoostingRegressor,
    ForestClassifier,
    ForestRegressor,
    IsolationForest,
)
from predictor.core.compiler.converters.dispatch import CONVERTERS
from predictor.core.compiler.converters.tree_arrays import WeightedTree, to_arrays
from predictor.core.compiler.converters.tree_reader import Tree, read_histogram_trees, read_tree

# Rounding error allowed in the sum of the probabilities of a leaf.
SUM_TOLERANCE = 1e-12


def _fields(
    estimator: Any,
    trees: Sequence[tuple[Tree, Array]],
    base: Array,
    spread: Array | None = None,
) -> dict[str, Any]:
    """Return the fields that all compiled tree ensembles have.

    Parameters
    ----------
    estimator : estimator
    trees : sequence of (Tree, array of int)
        Trees, each with the positions in `base.ravel()` of the outputs that its leaves add to.
    base : array of shape (n_targets, max_n_classes)
        Outputs without trees.
    spread : array of shape (base.size, base.size), optional
        Sums times this are outputs; without it sums are outputs. Sums with zeros alone are omitted.
    """
    spread = np.eye(base.size) if spread is None else spread
    used = np.flatnonzero(spread.any(axis=1))
    weighted = [
        WeightedTree(tree, tree.values[:, column], int(np.searchsorted(used, output)))
        for tree, outputs in trees
        for column, output in enumerate(outputs)
        if output in used and (len(outputs) == 1 or tree.values[:, column].any())
    ]
    return {
        "nodes": to_arrays(weighted),
        "divisor": 1,
        "spread": spread[used],
        "base": base,
        "n_features": int(estimator.n_features_in_),
        "precision": SINGLE,
        "accepts_nan": bool(estimator.__sklearn_tags__().input_tags.allow_nan),
    }


def _forest_regressor(estimator: Any) -> ForestRegressor:
    trees = [read_tree(tree) for tree in getattr(estimator, "estimators_", [estimator])]
    outputs = np.arange(estimator.n_outputs_)
    base = np.zeros((len(outputs), 1))
    pairs = [(tree, outputs) for tree in trees]
    return ForestRegressor(**_fields(estimator, pairs, base) | {"divisor": len(trees)})


def _forest_classifier(estimator: Any) -> ForestClassifier:
    trees = [read_tree(tree) for tree in getattr(estimator, "estimators_", [estimator])]
    classes = estimator.classes_ if isinstance(estimator.classes_, list) else [estimator.classes_]
    base = np.zeros((len(classes), max(map(len, classes))))
    outputs = np.arange(base.size)
    spread = np.eye(base.size)
    for target, labels in enumerate(classes):
        columns = outputs.reshape(base.shape)[target, : len(labels)]
        if len(labels) > 1 and all(_sum_to_one(tree.values[:, columns]) for tree in trees):
            # The last class has the remaining probability: its trees need not run.
            spread[columns, columns[-1]] = -1.0
            spread[columns[-1]] = 0.0
            base[target, len(labels) - 1] = 1.0
    pairs = [(tree, outputs) for tree in trees]
    fields = _fields(estimator, pairs, base, spread) | {"divisor": len(trees)}
    return ForestClassifier(**fields, classes=list(classes))


def _sum_to_one(values: Array) -> bool:
    return bool((np.abs(values.sum(axis=1) - 1.0) <= SUM_TOLERANCE).all())


def _boosting_fields(estimator: Any) -> dict[str, Any]:
    if type(estimator.init_).__name__ not in ("str", "DummyClassifier", "DummyRegressor"):
        raise NotCompilable("Gradient boosting that starts with an estimator is not compiled.")
    trees = [
        (read_tree(tree, estimator.learning_rate * tree.tree_.value[:, 0]), np.array([output]))
        for iteration in estimator.estimators_
        for output, tree in enumerate(iteration)
    ]
    return _fields(estimator, trees, sklearn_private.initial_scores(estimator)[np.newaxis])


def _boosting_regressor(estimator: Any) -> BoostingRegressor:
    return BoostingRegressor(**_boosting_fields(estimator))


def _boosting_classifier(estimator: Any) -> BoostingClassifier:
    factor = 2.0 if estimator.loss == "exponential" else 1.0
    return BoostingClassifier(
        **_boosting_fields(estimator),
        classes=estimator.classes_,
        zero_is_second=True,
        factor=factor,
    )


def _histogram_fields(estimator: Any) -> dict[str, Any]:
    trees = [
        (tree, np.array([output]))
        for iteration in read_histogram_trees(estimator)
        for output, tree in enumerate(iteration)
    ]
    base = sklearn_private.baseline_scores(estimator)[np.newaxis]
    return _fields(estimator, trees, base) | {"precision": DOUBLE}


def _histogram_regressor(estimator: Any) -> BoostingRegressor:
    link = sklearn_private.link_name(estimator)
    if link not in ("IdentityLink", "LogLink"):
        raise NotCompilable(f"The link {link} is not compiled.")
    return BoostingRegressor(**_histogram_fields(estimator), has_log_link=link == "LogLink")


def _histogram_classifier(estimator: Any) -> BoostingClassifier:
    return BoostingClassifier(**_histogram_fields(estimator), classes=estimator.classes_)


def _adaboost(estimator: Any) -> BoostingClassifier:
    """Convert an AdaBoost classifier of trees: each leaf adds the weighted vote of its label."""
    n_classes, weights = len(estimator.classes_), estimator.estimator_weights_
    if n_classes < 2:  # noqa: PLR2004 - one class is no choice
        raise NotCompilable("AdaBoost of one class is not compiled.")
    trees = []
    for part, weight in zip(estimator.estimators_, weights / weights.sum(), strict=False):
        if not hasattr(part, "tree_") or len(part.classes_) != n_classes:
            raise NotCompilable("AdaBoost is compiled for trees that know all classes.")
        is_label = np.eye(n_classes, dtype=bool)[part.tree_.value[:, 0].argmax(axis=1)]
        votes = np.where(is_label, weight, -weight / (n_classes - 1))
        if n_classes == 2:  # noqa: PLR2004 - one score: the second class against the first
            votes = votes[:, 1:] - votes[:, :1]
        trees.append((read_tree(part, votes), np.arange(votes.shape[1])))
    base = np.zeros((1, 1 if n_classes == 2 else n_classes))  # noqa: PLR2004 - as above
    factor = 1.0 / (n_classes - 1)
    fields = _fields(estimator, trees, base)
    return BoostingClassifier(**fields, classes=estimator.classes_, factor=factor)


def _isolation_forest(estimator: Any) -> IsolationForest:
    n = sklearn_private.isolation_max_samples(estimator)
    if n <= 2:  # noqa: PLR2004 - the formula below needs more
        raise NotCompilable("An isolation forest of one or two samples is not compiled.")
    mean_depth = float(2.0 * (np.log(n - 1.0) + np.euler_gamma) - 2.0 * (n - 1.0) / n)
    parts = zip(
        estimator.estimators_,
        sklearn_private.isolation_depths(estimator),
        estimator.estimators_features_,
        strict=True,
    )
    trees = [
        (read_tree(tree, depths[:, np.newaxis], features), np.arange(1))
        for tree, depths, features in parts
    ]
    fields = _fields(estimator, trees, np.zeros((1, 1))) | {"divisor": len(trees)}
    return IsolationForest(**fields, mean_depth=mean_depth, offset=float(estimator.offset_))


CONVERTERS.update(
    {
        "AdaBoostClassifier": _adaboost,
        "DecisionTreeClassifier": _forest_classifier,
        "DecisionTreeRegressor": _forest_regressor,
        "ExtraTreeClassifier": _forest_classifier,
        "ExtraTreeRegressor": _forest_regressor,
        "ExtraTreesClassifier": _forest_classifier,
        "ExtraTreesRegressor": _forest_regressor,
        "GradientBoostingClassifier": _boosting_classifier,
        "GradientBoostingRegressor": _boosting_regressor,
        "HistGradientBoostingClassifier": _histogram_classifier,
        "HistGradientBoostingRegressor": _histogram_regressor,
        "IsolationForest": _isolation_forest,
        "RandomForestClassifier": _forest_classifier,
        "RandomForestRegressor": _forest_regressor,
    }
)
