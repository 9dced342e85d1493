"""Convert fitted nearest neighbours."""

from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.distances import MAX_NUMBER, MIN_SPREAD
from predictor.core.compiled.nearest_neighbors import (
    BY_DISTANCE,
    UNIFORM,
    NeighborsClassifier,
    NeighborsRegressor,
)
from predictor.core.compiler.converters.dispatch import CONVERTERS

# Names of the metric in scikit-learn.
EUCLIDEAN = ("euclidean", "l2")


def _regressor(estimator: Any) -> NeighborsRegressor:
    return NeighborsRegressor(**_fields(estimator))


def _classifier(estimator: Any) -> NeighborsClassifier:
    classes = estimator.classes_
    listed = list(classes) if estimator.outputs_2d_ else [classes]
    return NeighborsClassifier(**_fields(estimator), classes=listed)


def _fields(estimator: Any) -> dict[str, Any]:
    """Return the fields that all compiled neighbours have."""
    points = sklearn_private.training_rows(estimator)
    targets = sklearn_private.training_targets(estimator)
    weights = estimator.weights or UNIFORM
    if weights not in (UNIFORM, BY_DISTANCE):
        raise NotCompilable("Neighbours with weights from a function are not compiled.")
    _check_search(estimator)
    if not isinstance(points, np.ndarray) or _is_single(points) or _is_single(targets):
        raise NotCompilable("Neighbours in sparse rows, or in single precision, are not compiled.")
    if targets.dtype.kind not in "biuf":
        raise NotCompilable("Neighbours with targets that are objects are not compiled.")
    if estimator.n_neighbors > len(points):
        raise NotCompilable("More neighbours than there are points are not compiled.")
    points = np.ascontiguousarray(points, dtype=np.float64)
    _check_points(points)
    return {
        "points": points,
        "targets": targets,
        "n_neighbors": int(estimator.n_neighbors),
        "weights": weights,
        "by_product": sklearn_private.search_method(estimator) == "brute",
    }


def _check_search(estimator: Any) -> None:
    """Raise NotCompilable for other metrics than the Euclidean one, and for ball trees."""
    metric = estimator.effective_metric_
    # A brute-force search reads the parameters again after `fit`.
    is_parameter = estimator.metric in EUCLIDEAN or (
        estimator.metric == "minkowski" and estimator.p == 2  # noqa: PLR2004 - the power of squares
    )
    if metric not in EUCLIDEAN or not is_parameter or estimator.metric_params:
        raise NotCompilable(f"Neighbours by the metric {metric} are not compiled.")
    if sklearn_private.search_method(estimator) == "ball_tree":
        # It skips balls by their radius, whose rounding error the distance does not bound.
        raise NotCompilable("Neighbours in a ball tree are not compiled.")


def _check_points(points: Array) -> None:
    """Raise NotCompilable if single precision cannot search the points."""
    if not np.abs(points).max() <= MAX_NUMBER:
        raise NotCompilable(f"Neighbours with numbers above {MAX_NUMBER:g} are not compiled.")
    if 0 < np.abs(points - points.mean(axis=0)).max() < MIN_SPREAD:
        raise NotCompilable(f"Neighbours closer together than {MIN_SPREAD:g} are not compiled.")


def _is_single(array: Array) -> bool:
    return array.dtype.kind == "f" and array.itemsize < np.dtype(np.float64).itemsize


CONVERTERS.update(
    {
        "KNeighborsClassifier": _classifier,
        "KNeighborsRegressor": _regressor,
    }
)
