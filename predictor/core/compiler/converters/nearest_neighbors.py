"""Which estimators nearest neighbours are compiled from, and how they are read."""

from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.distances import (
    COSINE,
    EUCLIDEAN,
    FARTHEST,
    NEAREST,
    SHORTEST,
    lengths,
)
from predictor.core.compiled.nearest_neighbors import (
    ALIKE,
    BY_DISTANCE,
    NeighborsClassifier,
    NeighborsRegressor,
)

# The metrics, by all of scikit-learn's names.
NAMES = {
    EUCLIDEAN: EUCLIDEAN,
    "l2": EUCLIDEAN,
    COSINE: COSINE,
}


def _common(estimator: Any) -> dict[str, Any]:
    """Return the fields of every form of neighbours."""
    points, targets = estimator._fit_X, estimator._y  # noqa: SLF001 - what its own prediction reads
    weights = estimator.weights or ALIKE
    if weights not in (ALIKE, BY_DISTANCE):
        raise NotCompilable("Neighbours weighed by a function are not compiled.")
    metric = _metric(estimator)
    if not isinstance(points, np.ndarray) or _narrow(points) or _narrow(targets):
        raise NotCompilable(
            "Neighbours among sparse rows, or in single precision, are not compiled."
        )
    if targets.dtype.kind not in "biuf":
        raise NotCompilable("Neighbours whose targets are objects are not compiled.")
    if estimator.n_neighbors > len(points):
        raise NotCompilable("More neighbours than there are points are not compiled.")
    points = np.ascontiguousarray(points, dtype=np.float64)
    _check_searched(points, metric)
    return {
        "points": points,
        "targets": targets,
        "count": int(estimator.n_neighbors),
        "weights": weights,
        "metric": metric,
        "by_product": estimator._fit_method == "brute" and metric in (EUCLIDEAN, COSINE),  # noqa: SLF001 - as above
    }


def _metric(estimator: Any) -> str:
    """Return the metric, by its name here."""
    metric = NAMES.get(estimator.effective_metric_)
    asked = NAMES.get(estimator.metric)  # which a brute search reads again
    if estimator.metric == "minkowski":
        asked = EUCLIDEAN if estimator.p == 2 else None  # noqa: PLR2004 - the power of squares
    if metric is None or metric != asked or estimator.metric_params:
        raise NotCompilable(
            f"Neighbours by the metric {estimator.effective_metric_} are not compiled."
        )
    if estimator._fit_method == "ball_tree":  # noqa: SLF001 - what its own prediction reads
        # It leaves balls out by their radius, whose rounding is not bounded by the distance.
        raise NotCompilable("Neighbours in a ball tree are not compiled.")
    return metric


def _check_searched(points: Array, metric: str) -> None:
    """Refuse points that single precision does not tell apart."""
    if not np.abs(points).max() <= FARTHEST:
        raise NotCompilable(f"Neighbours among numbers beyond {FARTHEST:g} are not compiled.")
    if 0 < np.abs(points - points.mean(axis=0)).max() < NEAREST:
        raise NotCompilable(f"Neighbours less than {NEAREST:g} from one another are not compiled.")
    if metric == COSINE and not lengths(points).min() >= SHORTEST:
        raise NotCompilable("Neighbours of points that have no direction are not compiled.")


def _narrow(array: Array) -> bool:
    """Return whether numbers are rounded before they would be in double precision."""
    return array.dtype.kind == "f" and array.itemsize < np.dtype(np.float64).itemsize


def regressor(estimator: Any) -> NeighborsRegressor:
    """Return the form of a regression by neighbours."""
    return NeighborsRegressor(**_common(estimator))


def classifier(estimator: Any) -> NeighborsClassifier:
    """Return the form of a classification by neighbours."""
    classes = estimator.classes_
    listed = list(classes) if estimator.outputs_2d_ else [classes]
    return NeighborsClassifier(**_common(estimator), classes=listed)


COMPILED = {"KNeighborsClassifier": classifier, "KNeighborsRegressor": regressor}
