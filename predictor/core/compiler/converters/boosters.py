"""Convert fitted estimators of XGBoost and LightGBM."""

import math
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.float32_boosting import (
    Float32BinaryClassifier,
    Float32Classifier,
    Float32Regressor,
)
from predictor.core.compiled.trees import DOUBLE, SINGLE, BoostingClassifier, BoostingRegressor
from predictor.core.compiler.converters.booster_reader import Booster, read_booster
from predictor.core.compiler.converters.dispatch import CONVERTERS
from predictor.core.compiler.converters.tree_arrays import WeightedTree, to_arrays

# Objectives whose predictions are the sums of the leaves, or the exponential of the sums.
XGBOOST_IDENTITY = {
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:squarederror",
    "reg:squaredlogerror",
    "rank:map",
    "rank:ndcg",
    "rank:pairwise",
}
LIGHTGBM_IDENTITY = {
    "fair",
    "huber",
    "lambdarank",
    "mape",
    "quantile",
    "rank_xendcg",
    "regression",
    "regression_l1",
}
LIGHTGBM_LOG_LINK = {"gamma", "poisson", "tweedie"}


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
    spread = np.zeros((len(booster.trees), booster.n_outputs))
    spread[np.arange(len(spread)), booster.outputs] = 1.0
    fields = _fields(estimator, booster, np.arange(len(spread)), spread)
    return fields | {"precision": SINGLE}


def _xgboost_regressor(estimator: Any) -> Float32Regressor:
    booster = read_booster(estimator)
    if booster.objective not in XGBOOST_IDENTITY:
        raise _reject(booster)
    return Float32Regressor(**_xgboost_fields(estimator, booster))


def _xgboost_classifier(estimator: Any) -> Float32BinaryClassifier | Float32Classifier:
    booster = read_booster(estimator)
    fields = _xgboost_fields(estimator, booster)
    if booster.objective == "multi:softprob":
        return Float32Classifier(**fields)
    if booster.objective != "binary:logistic" or booster.n_outputs > 1:
        raise _reject(booster)
    share = booster.base.astype(np.float32)
    odds = np.float32(1.0) / share - np.float32(1.0)
    margin = -np.log(odds.astype(np.float64)).astype(np.float32)
    return Float32BinaryClassifier(**fields | {"base": margin[np.newaxis].astype(np.float64)})


def _lightgbm_fields(estimator: Any, booster: Booster) -> dict[str, Any]:
    return _fields(estimator, booster, booster.outputs, np.eye(booster.n_outputs))


def _lightgbm_regressor(estimator: Any) -> BoostingRegressor:
    booster = read_booster(estimator)
    name, *options = booster.objective.split()
    if name not in LIGHTGBM_IDENTITY | LIGHTGBM_LOG_LINK or "sqrt" in options:
        raise _reject(booster)
    fields = _lightgbm_fields(estimator, booster)
    return BoostingRegressor(**fields, has_log_link=name in LIGHTGBM_LOG_LINK)


def _lightgbm_classifier(estimator: Any) -> BoostingClassifier:
    booster = read_booster(estimator)
    name, *options = booster.objective.split()
    if name not in ("binary", "multiclass"):
        raise _reject(booster)
    settings = dict(option.split(":") for option in options if ":" in option)
    return BoostingClassifier(
        **_lightgbm_fields(estimator, booster),
        classes=np.asarray(estimator.classes_),
        factor=float(settings.get("sigmoid", 1.0)),
    )


def _reject(booster: Booster) -> NotCompilable:
    return NotCompilable(f"The objective {booster.objective.partition(' ')[0]} is not compiled.")


CONVERTERS.update(
    {
        "LGBMClassifier": _lightgbm_classifier,
        "LGBMRanker": _lightgbm_regressor,
        "LGBMRegressor": _lightgbm_regressor,
        "XGBClassifier": _xgboost_classifier,
        "XGBRanker": _xgboost_regressor,
        "XGBRegressor": _xgboost_regressor,
        "XGBRFClassifier": _xgboost_classifier,
        "XGBRFRegressor": _xgboost_regressor,
    }
)
