"""Bounds of neighbours and centres: k-d and ball trees, metrics, labels, clusters."""

from typing import Any

import numpy as np

from predictor.core.artifacts.bounds_trees import Rule, require

TABLE = 2

# A search tree of more levels has more nodes than memory has bytes.
LEVELS = 50


def check_binary_tree(tree: Any) -> None:
    """Check a k-d or ball tree: the order of its points, and each node's share of them."""
    data, order, nodes, bounds, _, levels, count, *_, metric, weights = tree.__getstate__()
    n_samples, n_features = np.shape(data)
    require(
        len(order) == n_samples and n_samples > 0 and 0 <= order.min() and order.max() < n_samples,
        "A search tree points outside of its data.",
    )
    start, end = nodes["idx_start"], nodes["idx_end"]
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    bound = np.shape(bounds)
    require(
        ((start >= 0) & (start <= end) & (end <= n_samples)).all()
        and (2 * inner + 2 < len(nodes)).all()
        and count == len(nodes) == bound[1]
        and 0 < levels < LEVELS
        and count == 2**levels - 1
        and bound[2] == n_features
        and bound[0] == (2 if "KDTree" in type(tree).__name__ else 1),
        "A node of a search tree points outside of its data.",
    )
    require(
        weights is None or len(weights) == n_samples, "A search tree has weights for other data."
    )
    _check_metric_for(metric, np.asarray(data))


def _check_metric_for(metric: Any, data: Any) -> None:
    _, vector, matrix = metric.__getstate__()
    name = type(metric).__name__
    metric._validate_data(data)  # noqa: SLF001 - the metric's own question
    if name.startswith(("SEuclidean", "Minkowski")):
        require(len(vector) in (0, data.shape[1]), "A metric weighs other columns.")
    if name.startswith("Mahalanobis"):
        require(np.shape(matrix) == (data.shape[1],) * 2, "A metric weighs other columns.")


def check_metric(metric: Any) -> None:
    """Check that a metric's matrix is square."""
    matrix = np.shape(metric.__getstate__()[2])
    require(matrix[0] == matrix[1], "A metric's matrix is not square.")


def check_neighbors(estimator: Any) -> None:
    """Check the points that neighbours are searched in."""
    points = estimator._fit_X  # noqa: SLF001 - what its own search reads
    require(
        points.shape == (estimator.n_samples_fit_, estimator.n_features_in_),
        "Neighbours are searched in other rows than the estimator says.",
    )
    for name, value in (getattr(estimator, "effective_metric_params_", None) or {}).items():
        shape = np.shape(value)
        require(
            name not in ("X_norm_squared", "Y_norm_squared")
            and all(size == estimator.n_features_in_ for size in shape),
            "A metric weighs other columns.",
        )


def check_neighbor_labels(estimator: Any) -> None:
    """Check the labels of the neighbours: votes are counted by them."""
    labels = np.asarray(estimator._y)  # noqa: SLF001 - what its own prediction reads
    classes = estimator.classes_
    each = classes if isinstance(classes, list) else [classes]
    columns = labels.reshape(len(labels), -1)
    require(
        len(labels) == estimator.n_samples_fit_
        and columns.shape[1] == len(each)
        and labels.dtype.kind in "iu"
        and all(
            column.min() >= 0 and column.max() < len(known)
            for column, known in zip(columns.T, each, strict=True)
        ),
        "A neighbour's label is of no class.",
    )


def check_centers(estimator: Any) -> None:
    """Check the centres of clusters: distances are taken as wide as the rows are."""
    centers = estimator.cluster_centers_
    require(
        centers.ndim == TABLE and centers.shape[1] == estimator.n_features_in_ and len(centers),
        "The centres of clusters have other columns than the estimator.",
    )


def check_bisecting(estimator: Any) -> None:
    """Check the centres in the tree of a bisecting k-means."""
    waiting = [estimator._bisecting_tree]  # noqa: SLF001 - what its own prediction reads
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        require(
            np.shape(node.center) in ((estimator.n_features_in_,), ()),
            "The centres of clusters have other columns than the estimator.",
        )
        waiting += [node.left, node.right]


CHECKS: dict[str, tuple[str, Rule]] = {
    "sklearn.neighbors._kd_tree.BinaryTree64": ("", check_binary_tree),
    "sklearn.neighbors._kd_tree.BinaryTree32": ("", check_binary_tree),
    "sklearn.neighbors._ball_tree.BinaryTree64": ("", check_binary_tree),
    "sklearn.neighbors._ball_tree.BinaryTree32": ("", check_binary_tree),
    "sklearn.metrics._dist_metrics.DistanceMetric64": ("", check_metric),
    "sklearn.metrics._dist_metrics.DistanceMetric32": ("", check_metric),
    "sklearn.neighbors._base.NeighborsBase": ("_fit_X", check_neighbors),
    "sklearn.neighbors._classification.KNeighborsClassifier": ("_y", check_neighbor_labels),
    "sklearn.neighbors._classification.RadiusNeighborsClassifier": ("_y", check_neighbor_labels),
    "sklearn.cluster._kmeans._BaseKMeans": ("cluster_centers_", check_centers),
    "sklearn.cluster._bisect_k_means.BisectingKMeans": ("_bisecting_tree", check_bisecting),
}
