"""Index checks of nearest neighbours, search trees, metrics and cluster centres."""

from typing import Any

import numpy as np

from predictor.core.artifacts.bounds_trees import Rule

# A search tree with more levels does not fit into memory.
MAX_LEVELS = 50


def _check_binary_tree(tree: Any) -> object:
    """Check the indices of the points in a k-d or ball tree, and the range of each node."""
    data, order, nodes, bounds, _, levels, count, *_, metric, weights = tree.__getstate__()
    n_samples, n_features = np.shape(data)
    start, end = nodes["idx_start"], nodes["idx_end"]
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    n_bounds = 2 if "KDTree" in type(tree).__name__ else 1
    return (
        len(order) == n_samples > 0
        and 0 <= order.min()
        and order.max() < n_samples
        and ((start >= 0) & (start <= end) & (end <= n_samples)).all()
        and (2 * inner + 2 < len(nodes)).all()
        and 0 < levels < MAX_LEVELS
        and count == len(nodes) == 2**levels - 1
        and np.shape(bounds) == (n_bounds, count, n_features)
        and (weights is None or len(weights) == n_samples)
        and _measures(metric, np.asarray(data))
    )


def _measures(metric: Any, data: Any) -> object:
    """Return whether the parameters of a metric are for the columns of the data."""
    _, vector, matrix = metric.__getstate__()
    n_columns, name = data.shape[1], type(metric).__name__
    metric._validate_data(data)  # noqa: SLF001 - a search tree calls it
    if name.startswith("Mahalanobis"):
        return np.shape(matrix) == (n_columns, n_columns)
    return not name.startswith(("SEuclidean", "Minkowski")) or len(vector) in (0, n_columns)


def _check_metric(metric: Any) -> object:
    n_rows, n_columns = np.shape(metric.__getstate__()[2])
    return n_rows == n_columns


def _check_neighbors(estimator: Any) -> object:
    params = getattr(estimator, "effective_metric_params_", None) or {}
    return (
        estimator._fit_X.shape == (estimator.n_samples_fit_, estimator.n_features_in_)  # noqa: SLF001 - its search reads it
        and not {"X_norm_squared", "Y_norm_squared"} & params.keys()
        and {size for value in params.values() for size in np.shape(value)}
        <= {estimator.n_features_in_}
    )


def _check_neighbor_labels(estimator: Any) -> object:
    """Check the labels of the neighbours, which are indices of classes."""
    labels = np.asarray(estimator._y)  # noqa: SLF001 - its prediction reads it
    classes = estimator.classes_ if isinstance(estimator.classes_, list) else [estimator.classes_]
    columns = labels.reshape(len(labels), -1)
    return (
        columns.shape == (estimator.n_samples_fit_, len(classes))
        and labels.dtype.kind in "iu"
        and (columns.min(axis=0) >= 0).all()
        and (columns.max(axis=0) < list(map(len, classes))).all()
    )


def _check_centers(estimator: Any) -> object:
    centers = estimator.cluster_centers_
    return centers.shape == (len(centers), estimator.n_features_in_) and len(centers) > 0


def _check_bisecting(estimator: Any) -> object:
    pending = [estimator._bisecting_tree]  # noqa: SLF001 - its prediction reads it
    while pending:
        if (node := pending.pop()) is None:
            continue
        if np.shape(node.center) not in ((estimator.n_features_in_,), ()):
            return False
        pending += [node.left, node.right]
    return True


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
