"""Convert fitted estimators of XGBoost and LightGBM."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, CompiledEstimator, NotCompilable
from predictor.core.compiled.encoders import CategoryNumbers
from predictor.core.compiled.float32_boosting import (
    Float32Classifier,
    Float32LogisticClassifier,
    Float32Regressor,
)
from predictor.core.compiled.pipelines import CompiledPipeline
from predictor.core.compiled.trees import (
    DOUBLE,
    SINGLE,
    BoostingClassifier,
    BoostingRegressor,
    TreeEnsemble,
)
from predictor.core.compiler.converters.booster_reader import Booster, read_booster
from predictor.core.compiler.converters.dispatch import CONVERTERS
from predictor.core.compiler.converters.tree_arrays import WeightedTree, to_arrays

# Functions from the sums of leaves to predictions, as Treelite names them.
IDENTITY, EXPONENTIAL, LOGISTIC, SOFTMAX = "identity", "exponential", "sigmoid", "softmax"


def _fields(estimator: Any, booster: Booster, sums: Array, spread: Array) -> dict[str, Any]:
    """Return the fields that all compiled tree ensembles have."""
    trees = [
        WeightedTree(tree, tree.values[:, 0], int(number))
        for tree, number in zip(booster.trees, sums, strict=True)
    ]
    return {
        "nodes": to_arrays(trees),
        "divisor": booster.divisor,
        "spread": spread,
        "base": booster.base[np.newaxis],
        "n_features": int(estimator.n_features_in_),
        "precision": DOUBLE,
        "accepts_nan": True,
    }


def _xgboost_fields(estimator: Any, booster: Booster) -> dict[str, Any]:
    if not (isinstance(estimator.missing, float) and math.isnan(estimator.missing)):
        raise NotCompilable("XGBoost with another missing value than NaN is not compiled.")
    spread = np.zeros((len(booster.trees), len(booster.base)))
    spread[np.arange(len(spread)), booster.outputs] = 1.0
    fields = _fields(estimator, booster, np.arange(len(spread)), spread)
    return fields | {"precision": SINGLE}


def _lightgbm_fields(estimator: Any, booster: Booster) -> dict[str, Any]:
    return _fields(estimator, booster, booster.outputs, np.eye(len(booster.base)))


def _xgboost_regressor(estimator: Any, booster: Booster) -> TreeEnsemble:
    _require(booster, IDENTITY)
    return Float32Regressor(**_xgboost_fields(estimator, booster))


def _xgboost_classifier(estimator: Any, booster: Booster) -> TreeEnsemble:
    _require(booster, LOGISTIC, SOFTMAX)
    kind = Float32LogisticClassifier if booster.link == LOGISTIC else Float32Classifier
    return kind(**_xgboost_fields(estimator, booster))


def _lightgbm_regressor(estimator: Any, booster: Booster) -> TreeEnsemble:
    _require(booster, IDENTITY, EXPONENTIAL)
    has_log_link = booster.link == EXPONENTIAL
    return BoostingRegressor(**_lightgbm_fields(estimator, booster), has_log_link=has_log_link)


def _lightgbm_classifier(estimator: Any, booster: Booster) -> TreeEnsemble:
    _require(booster, LOGISTIC, SOFTMAX)
    classes, factor = np.asarray(estimator.classes_), booster.factor
    fields = _lightgbm_fields(estimator, booster)
    return BoostingClassifier(**fields, classes=classes, factor=factor)


def _require(booster: Booster, *links: str) -> None:
    if booster.link not in links:
        raise NotCompilable(f"Boosting with the function {booster.link} is not compiled.")


def _converter(
    convert_trees: Callable[[Any, Booster], TreeEnsemble],
) -> Callable[[Any], CompiledEstimator]:
    """Return a converter that numbers the categories in front of the trees."""

    def convert(estimator: Any) -> CompiledEstimator:
        booster = read_booster(estimator)
        trees = convert_trees(estimator, booster)
        if not booster.categories:
            return trees
        vars(trees)["source"] = estimator
        positions, categories = list(booster.categories), list(booster.categories.values())
        return CompiledPipeline([CategoryNumbers(positions, categories)], trees)

    return convert


CONVERTERS.update(
    {
        "LGBMClassifier": _converter(_lightgbm_classifier),
        "LGBMRanker": _converter(_lightgbm_regressor),
        "LGBMRegressor": _converter(_lightgbm_regressor),
        "XGBClassifier": _converter(_xgboost_classifier),
        "XGBRanker": _converter(_xgboost_regressor),
        "XGBRegressor": _converter(_xgboost_regressor),
        "XGBRFClassifier": _converter(_xgboost_classifier),
        "XGBRFRegressor": _converter(_xgboost_regressor),
    }
)
