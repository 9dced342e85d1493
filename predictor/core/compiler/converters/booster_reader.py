"""Read the trees of fitted estimators of XGBoost and LightGBM with Treelite.

References
----------
https://treelite.readthedocs.io/en/latest/serialization/v4.html, fields of models and trees
https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html, schema of the JSON format
"""

import json
import re
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from predictor.core import boosters
from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiler.converters.tree_reader import Tree

# Largest number that LightGBM reads as zero.
ZERO = float(np.float32(1e-35))

# Bits of a node of LightGBM that state its missing values, and their value if zeros are missing.
MISSING_BITS, ZERO_IS_MISSING = 0b1100, 0b0100

# Codes of Treelite for a node that compares categories, and for the comparison `x < threshold`.
CATEGORICAL, LESS = 2, 2


class Booster(NamedTuple):
    """Trees of a fitted estimator, up to its best iteration.

    Parameters
    ----------
    trees : list of Tree
    outputs : array of shape (n_trees,), int
        The output to which each tree adds.
    base : array of shape (n_outputs,), float64
        Score before the first tree.
    divisor : int
        Number that the sums of leaves are divided by.
    link : str
        Function from the sums to the predictions, as Treelite names it.
    factor : float
        Factor of the sums in a logistic function.
    categories : dict of int to list
        Categories of columns, which the trees know by their numbers.
    """

    trees: list[Tree]
    outputs: Array
    base: Array
    divisor: int
    link: str
    factor: float
    categories: dict[int, list[Any]]


# The conversion and its verification read the same trees.
_trees: WeakKeyDictionary[Any, Booster] = WeakKeyDictionary()


def read_booster(estimator: Any) -> Booster:
    """Return the trees of a fitted estimator.

    Raises
    ------
    NotCompilable
        Treelite is not installed, or compiled estimators do not have the arithmetic of the trees.
    """
    package = boosters.get_package(estimator)
    if not boosters.find_version(boosters.TREE_READER):
        raise NotCompilable(
            "Treelite, which reads the trees, is not installed. On the server, run: "
            f"pip install 'mlsite[{package}]'."
        )
    is_xgboost = package == "xgboost"
    booster = estimator.get_booster() if is_xgboost else estimator.booster_
    if booster not in _trees:
        _trees[booster] = _read_xgboost(booster) if is_xgboost else _read_lightgbm(booster)
    return _trees[booster]


def _read_xgboost(booster: Any) -> Booster:
    file = json.loads(booster.save_raw("json"))
    learner = file["learner"]
    if learner["gradient_booster"]["name"] != "gbtree":
        raise NotCompilable("XGBoost is compiled for the booster gbtree.")
    model = learner["gradient_booster"]["model"]
    # Treelite rejects models with categories, but reads the trees that compare their numbers.
    stored = model.pop("cats")["enc"]
    categories = {n: _decode(each) for n, each in enumerate(stored) if each["values"]}
    result = _read("from_xgboost_json", json.dumps(file))._replace(categories=categories)
    if result.link == "sigmoid":
        shares = json.loads(learner["learner_model_param"]["base_score"])
        result = result._replace(base=np.broadcast_to(_to_margins(shares), result.base.shape))
    if best := booster.attr("best_iteration"):
        end = model["iteration_indptr"][int(best) + 1]
        result = result._replace(trees=result.trees[:end], outputs=result.outputs[:end])
    return result


def _decode(categories: dict[str, list[int]]) -> list[Any]:
    """Return the categories of a column: numbers, or strings that are stored as bytes."""
    values, offsets = categories["values"], categories.get("offsets")
    if offsets is None:
        return values
    if min(values) < 0:  # XGBoost 3.2 cuts them: its offsets count characters
        raise NotCompilable("XGBoost with categories that are not ASCII is not compiled.")
    return [bytes(values[start:end]).decode() for start, end in pairwise(offsets)]


def _to_margins(shares: list[float]) -> Array:
    """Return the scores of probabilities as XGBoost computes them; Treelite rounds differently."""
    from xgboost import DMatrix, train  # noqa: PLC0415 - only its estimators need it

    row = DMatrix(np.zeros((1, 1)), label=np.zeros((1, len(shares))))
    without_trees = train({"objective": "binary:logistic", "base_score": shares}, row, 0)
    margins: Array = without_trees.predict(row, output_margin=True).ravel()
    return margins.astype(np.float64)


def _read_lightgbm(booster: Any) -> Booster:
    text = booster.model_to_string()
    bits = " ".join(re.findall("^decision_type=(.*)$", text, re.MULTILINE)).split()
    if any(int(each) & MISSING_BITS == ZERO_IS_MISSING for each in bits):
        raise NotCompilable("Boosting with zero_as_missing is not compiled.")
    if re.search("^is_linear=1$", text, re.MULTILINE):
        raise NotCompilable("Trees with linear models in their leaves are not compiled.")
    result = _read("from_lightgbm", booster)
    trees = [tree._replace(threshold=_widen_zero(tree.threshold)) for tree in result.trees]
    return result._replace(trees=trees, categories=_find_categories(booster, text))


def _widen_zero(threshold: Array) -> Array:
    """Return thresholds for numbers near zero, which LightGBM reads as zero."""
    limits = np.where(threshold < 0.0, np.nextafter(-ZERO, -np.inf), ZERO)
    return np.where(np.abs(threshold) <= ZERO, limits, threshold)


def _find_categories(booster: Any, text: str) -> dict[int, list[Any]]:
    """Return the categories of the columns of the dtype "category".

    LightGBM stores the lists of categories in the order of the columns. It names the columns whose
    categories are not ordered. The others have ranges of numbers, like any column.
    """
    lists = booster.pandas_categorical or []
    ranges = re.findall("^feature_infos=(.*)$", text, re.MULTILINE)[0].split()
    (names,) = re.findall(r"^\[categorical_feature: (.*)\]$", text, re.MULTILINE) or [""]
    unordered = set(map(int, filter(None, names.split(","))))
    # At most two ways to assign the first lists to the columns so far, by the number of lists.
    ways: dict[int, list[tuple[int, ...]]] = {0: [()]}
    for column, limits in enumerate(ranges):
        longer: dict[int, list[tuple[int, ...]]] = {}
        for n, columns in ways.items():
            if column not in unordered:
                longer.setdefault(n, []).extend(columns)
            if n < len(lists) and _has_numbers(limits, len(lists[n])):
                longer.setdefault(n + 1, []).extend((*each, column) for each in columns)
        ways = {n: columns[:2] for n, columns in longer.items()}
    if len(ways.get(len(lists), [])) != 1:
        raise NotCompilable("LightGBM does not state which columns have the categories.")
    return dict(zip(ways[len(lists)][0], lists, strict=True))


def _has_numbers(limits: str, n_categories: int) -> bool:
    """Return whether the values of a column can be the numbers of its categories.

    Parameters
    ----------
    limits : str
        `none` for a constant column, a range such as `[0:2]`, or numbers such as `-1:2:0:1`.
    n_categories : int
    """
    values = limits.strip("[]").split(":")
    return limits == "none" or all(
        re.fullmatch("-1|[0-9]+", value) and int(value) < n_categories for value in values
    )


def _read(loader: str, model: Any) -> Booster:
    """Return the trees of a model that a function of Treelite loads."""
    from treelite import frontend  # noqa: PLC0415 - only a compilation needs it

    loaded = getattr(frontend, loader)(model)
    header = partial(_get_field, loaded.get_header_accessor())
    if header("leaf_vector_shape").prod() > 1:
        raise NotCompilable("Trees with several outputs are not compiled.")
    trees = [_read_tree(loaded.get_tree_accessor(n)) for n in range(loaded.num_tree)]
    base = header("base_scores")
    return Booster(
        trees=trees,
        outputs=header("target_id") * header("num_class").max() + header("class_id"),
        base=base,
        divisor=max(1, len(trees) // len(base)) if header("average_tree_output") else 1,
        link=loaded.get_header_accessor().get_field("postprocessor"),
        factor=header("sigmoid_alpha").item(),
        categories={},
    )


def _read_tree(accessor: Any) -> Tree:
    get = partial(_get_field, accessor)
    left, right, threshold = get("cleft"), get("cright"), get("threshold")
    is_leaf = left < 0
    is_categorical = get("node_type") == CATEGORICAL
    missing_left = get("default_left").astype(bool)
    # The categories of XGBoost go to the right.
    swapped = get("category_list_right_child").astype(bool)
    below = np.nextafter(threshold, threshold.dtype.type(-np.inf))
    categories = get("category_list").astype(np.float64)
    ends = (get(f"category_list_{name}")[is_categorical].tolist() for name in ("begin", "end"))
    members = [np.append(categories[start:end], np.nan) for start, end in zip(*ends, strict=True)]
    return Tree(
        is_leaf=is_leaf,
        left=np.where(swapped, right, left),
        right=np.where(swapped, left, right),
        feature=np.where(is_leaf, 0, get("split_index")),
        threshold=np.where(get("cmp") == LESS, below, threshold).astype(np.float64),
        missing_left=missing_left ^ swapped,
        values=get("leaf_value")[is_leaf][:, np.newaxis].astype(np.float64),
        is_categorical=is_categorical,
        members=np.concatenate([np.empty(0), *members]),
    )


def _get_field(accessor: Any, name: str) -> Array:
    """Return a copy of a field: the field itself lies in the memory of the model."""
    return np.array(accessor.get_field(name))
