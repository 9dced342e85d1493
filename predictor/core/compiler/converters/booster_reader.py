"""Read the trees of fitted estimators of XGBoost and LightGBM.

References
----------
https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html, schema of the JSON format
https://lightgbm.readthedocs.io/en/stable/pythonapi/lightgbm.Booster.html, `dump_model`
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from predictor.core.boosters import get_package
from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiler.converters.tree_reader import Tree

# Largest number that LightGBM reads as zero.
ZERO = float(np.float32(1e-35))

CATEGORIES = "Boosting over categories is not compiled."


class Booster(NamedTuple):
    """Trees of a fitted estimator, up to its best iteration.

    Parameters
    ----------
    trees : list of Tree
    outputs : array of shape (n_trees,), int
        The output to which each tree adds.
    n_outputs : int
    objective : str
        The loss, with its parameters.
    base : array of shape (n_outputs,), float64
        Score before the first tree, as the package stores it.
    divisor : int
        Number that the sums of leaves are divided by.
    """

    trees: list[Tree]
    outputs: Array
    n_outputs: int
    objective: str
    base: Array
    divisor: int = 1


# The conversion and its verification read the same trees.
_trees: WeakKeyDictionary[Any, Booster] = WeakKeyDictionary()


def read_booster(estimator: Any) -> Booster:
    """Return the trees of a fitted estimator.

    Raises
    ------
    NotCompilable
        The estimator has other parts than trees that compare numbers.
    """
    is_xgboost = get_package(estimator) == "xgboost"
    booster = estimator.get_booster() if is_xgboost else estimator.booster_
    if booster not in _trees:
        _trees[booster] = _read_xgboost(booster) if is_xgboost else _read_lightgbm(booster)
    return _trees[booster]


def _read_xgboost(booster: Any) -> Booster:
    learner = json.loads(booster.save_raw("json"))["learner"]
    if learner["gradient_booster"]["name"] != "gbtree":
        raise NotCompilable("XGBoost is compiled for the booster gbtree.")
    model, parameters = learner["gradient_booster"]["model"], learner["learner_model_param"]
    outputs = np.array(model["tree_info"], dtype=np.intp)
    if best := booster.attr("best_iteration"):
        outputs = outputs[: model["iteration_indptr"][int(best) + 1]]
    base = np.ravel(json.loads(parameters["base_score"])).astype(np.float64)
    n_outputs = max(int(parameters["num_class"]), int(parameters["num_target"]), 1)
    return Booster(
        trees=[_read_xgboost_tree(tree) for tree in model["trees"][: len(outputs)]],
        outputs=outputs,
        n_outputs=n_outputs,
        objective=learner["objective"]["name"],
        base=np.broadcast_to(base, n_outputs) if len(base) == 1 else base,
    )


def _read_xgboost_tree(tree: Mapping[str, Any]) -> Tree:
    """Return a tree. Rows with `x < threshold` go left, in float32."""
    if any(tree["split_type"]):
        raise NotCompilable(CATEGORIES)
    if int(tree["tree_param"]["size_leaf_vector"]) > 1:
        raise NotCompilable("Trees with several outputs are not compiled.")
    left = np.array(tree["left_children"], dtype=np.intp)
    numbers = np.array(tree["split_conditions"], dtype=np.float32)
    is_leaf = left < 0
    return Tree(
        is_leaf=is_leaf,
        left=left,
        right=np.array(tree["right_children"], dtype=np.intp),
        feature=np.where(is_leaf, 0, tree["split_indices"]),
        # The largest number below the threshold.
        threshold=np.nextafter(numbers, np.float32(-np.inf)).astype(np.float64),
        missing_left=np.array(tree["default_left"], dtype=bool),
        values=numbers[is_leaf][:, np.newaxis].astype(np.float64),
        is_categorical=np.zeros(len(left), dtype=bool),
        members=np.empty(0),
    )


def _read_lightgbm(booster: Any) -> Booster:
    model = booster.dump_model()
    n_outputs = int(model["num_tree_per_iteration"])
    trees = [_read_lightgbm_tree(each["tree_structure"]) for each in model["tree_info"]]
    return Booster(
        trees=trees,
        outputs=np.arange(len(trees)) % n_outputs,
        n_outputs=n_outputs,
        objective=model["objective"],
        base=np.zeros(n_outputs),
        divisor=max(1, len(trees) // n_outputs) if model["average_output"] else 1,
    )


def _read_lightgbm_tree(root: Mapping[str, Any]) -> Tree:
    """Return a tree. Rows with `x <= threshold` go left, in float64."""
    nodes, children = [root], []
    for node in nodes:  # the list grows
        own = [node[side] for side in ("left_child", "right_child") if side in node]
        children.append([len(nodes) + n for n in range(len(own))] or [-1, -1])
        nodes += own
    is_leaf = np.array(["leaf_value" in node for node in nodes])
    inner = [node for node in nodes if "leaf_value" not in node]
    _check_lightgbm(nodes, inner)
    threshold = np.array([node["threshold"] for node in inner], dtype=np.float64)
    # LightGBM reads numbers that are closer to zero as zero.
    is_zero = np.abs(threshold) <= ZERO
    limits = np.where(threshold < 0.0, np.nextafter(-ZERO, -np.inf), ZERO)
    # Without missing values at the fit, a missing value counts as zero.
    goes_left = [
        node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0.0
        for node in inner
    ]
    left, right = np.array(children, dtype=np.intp).T
    return Tree(
        is_leaf=is_leaf,
        left=left,
        right=right,
        feature=_fill(is_leaf, [node["split_feature"] for node in inner], np.intp),
        threshold=_fill(is_leaf, np.where(is_zero, limits, threshold), np.float64),
        missing_left=_fill(is_leaf, goes_left, bool),
        values=np.array([[node["leaf_value"]] for node in nodes if "leaf_value" in node]),
        is_categorical=np.zeros(len(nodes), dtype=bool),
        members=np.empty(0),
    )


def _check_lightgbm(nodes: Sequence[Mapping[str, Any]], inner: Sequence[Mapping[str, Any]]) -> None:
    if any(node["decision_type"] != "<=" for node in inner):
        raise NotCompilable(CATEGORIES)
    if any(node["missing_type"] == "Zero" for node in inner):
        raise NotCompilable("Boosting with zero_as_missing is not compiled.")
    if any("leaf_const" in node for node in nodes):
        raise NotCompilable("Trees with linear models in their leaves are not compiled.")


def _fill(is_leaf: Array, values: Any, dtype: type) -> Array:
    """Return the values of all nodes: those of the inner nodes, and zero for leaves."""
    filled: Array = np.zeros(len(is_leaf), dtype=dtype)
    filled[~is_leaf] = values
    return filled
