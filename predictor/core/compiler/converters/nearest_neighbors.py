"""Convert fitted nearest neighbours."""

from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.distances import (
    COSINE,
    EUCLIDEAN,
    MAX_NUMBER,
    MIN_LENGTH,
    MIN_SPREAD,
    lengths,
)
from predictor.core.compiled.nearest_neighbors import (
    BY_DISTANCE,
    UNIFORM,
    NeighborsClassifier,
    NeighborsRegressor,
)

# Metrics, by all names that scikit-learn has for them.
METRICS = {EUCLIDEAN: EUCLIDEAN, "l2": EUCLIDEAN, COSINE: COSINE}


def convert_regressor(estimator: Any) -> NeighborsRegressor:
    """Convert a regressor by nearest neighbours."""
    return NeighborsRegressor(**_fields(estimator))


def convert_classifier(estimator: Any) -> NeighborsClassifier:
    """Convert a classifier by nearest neighbours."""
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
    metric = _metric(estimator)
    if not isinstance(points, np.ndarray) or _is_single(points) or _is_single(targets):
        raise NotCompilable("Neighbours in sparse rows, or in single precision, are not compiled.")
    if targets.dtype.kind not in "biuf":
        raise NotCompilable("Neighbours with targets that are objects are not compiled.")
    if estimator.n_neighbors > len(points):
        raise NotCompilable("More neighbours than there are points are not compiled.")
    points = np.ascontiguousarray(points, dtype=np.float64)
    _check_points(points, metric)
    return {
        "points": points,
        "targets": targets,
        "n_neighbors": int(estimator.n_neighbors),
        "weights": weights,
        "metric": metric,
        "by_product": sklearn_private.search_method(estimator) == "brute",
    }


def _metric(estimator: Any) -> str:
    """Return the metric; a brute-force search reads the parameters again after `fit`."""
    metric = METRICS.get(estimator.effective_metric_)
    parameter = METRICS.get(estimator.metric)
    if estimator.metric == "minkowski" and estimator.p == 2:  # noqa: PLR2004 - the power of squares
        parameter = EUCLIDEAN
    if metric is None or metric != parameter or estimator.metric_params:
        name = estimator.effective_metric_
        raise NotCompilable(f"Neighbours by the metric {name} are not compiled.")
    if sklearn_private.search_method(estimator) == "ball_tree":
        # It skips balls by their radius, whose rounding error the distance does not bound.
        raise NotCompilable("Neighbours in a ball tree are not compiled.")
    return metric


def _check_points(points: Array, metric: str) -> None:
    """Raise NotCompilable if single precision cannot search the points."""
    if not np.abs(points).max() <= MAX_NUMBER:
        raise NotCompilable(f"Neighbours with numbers above {MAX_NUMBER:g} are not compiled.")
    if 0 < np.abs(points - points.mean(axis=0)).max() < MIN_SPREAD:
        raise NotCompilable(f"Neighbours closer together than {MIN_SPREAD:g} are not compiled.")
    if metric == COSINE and not lengths(points).min() >= MIN_LENGTH:
        raise NotCompilable("Neighbours by the angle to zero vectors are not compiled.")


def _is_single(array: Array) -> bool:
    return array.dtype.kind == "f" and array.itemsize < np.dtype(np.float64).itemsize


CONVERTERS = {
    "KNeighborsClassifier": convert_classifier,
    "KNeighborsRegressor": convert_regressor,
}
