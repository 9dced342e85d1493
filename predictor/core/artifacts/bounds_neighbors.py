"""Index checks of nearest neighbours, search trees, metrics and cluster centres."""

from typing import Any

import numpy as np

from predictor.core.artifacts.bounds_trees import Rule, require

TABLE = 2

# A search tree with more levels does not fit into memory.
MAX_LEVELS = 50

OTHER_METRIC = "A metric has parameters for other columns."
OTHER_CENTERS = "A cluster centre and its estimator have different columns."


def _check_binary_tree(tree: Any) -> None:
    """Check the indices of the points in a k-d or ball tree, and the range of each node."""
    data, order, nodes, bounds, _, levels, count, *_, metric, weights = tree.__getstate__()
    n_samples, n_features = np.shape(data)
    require(
        len(order) == n_samples and n_samples > 0 and 0 <= order.min() and order.max() < n_samples,
        "A search tree refers to a point that does not exist.",
    )
    start, end = nodes["idx_start"], nodes["idx_end"]
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    bound = np.shape(bounds)
    require(
        ((start >= 0) & (start <= end) & (end <= n_samples)).all()
        and (2 * inner + 2 < len(nodes)).all()
        and count == len(nodes) == bound[1]
        and 0 < levels < MAX_LEVELS
        and count == 2**levels - 1
        and bound[2] == n_features
        and bound[0] == (2 if "KDTree" in type(tree).__name__ else 1),
        "A node of a search tree refers to points that do not exist.",
    )
    require(weights is None or len(weights) == n_samples, "A search tree has other weights.")
    _check_metric_for(metric, np.asarray(data))


def _check_metric_for(metric: Any, data: Any) -> None:
    _, vector, matrix = metric.__getstate__()
    name = type(metric).__name__
    metric._validate_data(data)  # noqa: SLF001 - a search tree calls it
    if name.startswith(("SEuclidean", "Minkowski")):
        require(len(vector) in (0, data.shape[1]), OTHER_METRIC)
    if name.startswith("Mahalanobis"):
        require(np.shape(matrix) == (data.shape[1],) * 2, OTHER_METRIC)


def _check_metric(metric: Any) -> None:
    matrix = np.shape(metric.__getstate__()[2])
    require(matrix[0] == matrix[1], "The matrix of a metric is not square.")


def _check_neighbors(estimator: Any) -> None:
    points = estimator._fit_X  # noqa: SLF001 - its search reads it
    require(
        points.shape == (estimator.n_samples_fit_, estimator.n_features_in_),
        "An estimator and its neighbours have different rows or columns.",
    )
    for name, value in (getattr(estimator, "effective_metric_params_", None) or {}).items():
        shape = np.shape(value)
        require(
            name not in ("X_norm_squared", "Y_norm_squared")
            and all(size == estimator.n_features_in_ for size in shape),
            OTHER_METRIC,
        )


def _check_neighbor_labels(estimator: Any) -> None:
    """Check the labels of the neighbours, which are indices of classes."""
    labels = np.asarray(estimator._y)  # noqa: SLF001 - its prediction reads it
    classes = estimator.classes_
    classes_by_output = classes if isinstance(classes, list) else [classes]
    columns = labels.reshape(len(labels), -1)
    require(
        len(labels) == estimator.n_samples_fit_
        and columns.shape[1] == len(classes_by_output)
        and labels.dtype.kind in "iu"
        and all(
            column.min() >= 0 and column.max() < len(output)
            for column, output in zip(columns.T, classes_by_output, strict=True)
        ),
        "The label of a neighbour is not the index of a class.",
    )


def _check_centers(estimator: Any) -> None:
    centers = estimator.cluster_centers_
    require(
        centers.ndim == TABLE and centers.shape[1] == estimator.n_features_in_ and len(centers),
        OTHER_CENTERS,
    )


def _check_bisecting(estimator: Any) -> None:
    pending = [estimator._bisecting_tree]  # noqa: SLF001 - its prediction reads it
    while pending:
        node = pending.pop()
        if node is None:
            continue
        require(np.shape(node.center) in ((estimator.n_features_in_,), ()), OTHER_CENTERS)
        pending += [node.left, node.right]


CHECKS: dict[str, tuple[str, Rule]] = {
    "sklearn.neighbors._kd_tree.BinaryTree64": ("", _check_binary_tree),
    "sklearn.neighbors._kd_tree.BinaryTree32": ("", _check_binary_tree),
    "sklearn.neighbors._ball_tree.BinaryTree64": ("", _check_binary_tree),
    "sklearn.neighbors._ball_tree.BinaryTree32": ("", _check_binary_tree),
    "sklearn.metrics._dist_metrics.DistanceMetric64": ("", _check_metric),
    "sklearn.metrics._dist_metrics.DistanceMetric32": ("", _check_metric),
    "sklearn.neighbors._base.NeighborsBase": ("_fit_X", _check_neighbors),
    "sklearn.neighbors._classification.KNeighborsClassifier": ("_y", _check_neighbor_labels),
    "sklearn.neighbors._classification.RadiusNeighborsClassifier": ("_y", _check_neighbor_labels),
    "sklearn.cluster._kmeans._BaseKMeans": ("cluster_centers_", _check_centers),
    "sklearn.cluster._bisect_k_means.BisectingKMeans": ("_bisecting_tree", _check_bisecting),
}
