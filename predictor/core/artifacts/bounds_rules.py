"""Rules for indices and shapes in fitted estimators and their parts."""

from collections.abc import Callable
from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.errors import ArtifactError

# Function that returns whether the indices and shapes in an object match.
Rule = Callable[[Any], object]

LEAF = -1

# A search tree with more levels does not fit into memory.
MAX_LEVELS = 50


def _check_tree(tree: Any) -> object:
    """Check that the children of each node exist and come after the node."""
    nodes, count = tree.__getstate__()["nodes"], tree.node_count
    leaves = nodes["left_child"] == LEAF
    feature = nodes["feature"][~leaves]
    return (
        0 < count == len(nodes)
        and tree.n_outputs == len(np.atleast_1d(tree.n_classes)) > 0 < tree.max_n_classes
        and all(
            (_are_after_parents(child, np.arange(count), count) | leaves).all()
            and (child[leaves] == LEAF).all()
            for child in (nodes["left_child"], nodes["right_child"])
        )
        and ((feature >= 0) & (feature < tree.n_features)).all()
    )


def _are_after_parents(children: Any, parents: Any, count: int) -> Any:
    return (children > parents) & (children < count)


def _check_decision_tree(estimator: Any) -> object:
    return (estimator.tree_.n_features, estimator.tree_.n_outputs) == (
        estimator.n_features_in_,
        estimator.n_outputs_,
    )


def _check_forest(forest: Any) -> object:
    """Check all trees of a forest. scikit-learn validates rows only by the first tree."""
    return all(
        (tree.n_features_in_, tree.n_outputs_) == (forest.n_features_in_, forest.n_outputs_)
        for tree in forest.estimators_
    )


def _check_isolation_forest(forest: Any) -> object:
    """Check that each tree splits on the columns that it gets."""
    columns = [np.asarray(each) for each in forest.estimators_features_]
    return len(forest.estimators_) == len(columns) and all(
        tree.tree_.n_features == len(features)
        and 0 <= features.min() <= features.max() < forest.n_features_in_
        for tree, features in zip(forest.estimators_, columns, strict=True)
    )


def _check_gradient_boosting(estimator: Any) -> object:
    """Check that each tree adds to one of the scores, which are in memory of their own."""
    trees, n_scores = estimator.estimators_, len(sklearn_private.initial_scores(estimator))
    return trees.shape == (len(trees), n_scores) and all(
        tree.tree_.n_features == estimator.n_features_in_
        and tree.tree_.n_outputs == tree.tree_.max_n_classes == 1
        for tree in trees.ravel()
    )


def _check_predictor(predictor: Any) -> object:
    """Check the nodes of a tree of a histogram boosting."""
    nodes = predictor.nodes
    parents = np.flatnonzero(nodes["is_leaf"] == 0)
    inner = nodes[parents]
    split = inner["bitset_idx"][inner["is_categorical"] != 0]
    return (
        len(nodes) > 0
        and _are_after_parents(inner["left"], parents, len(nodes)).all()
        and _are_after_parents(inner["right"], parents, len(nodes)).all()
        and (split < len(predictor.raw_left_cat_bitsets)).all()
    )


def _check_histogram_boosting(estimator: Any) -> object:
    trees = sklearn_private.histogram_predictors(estimator) or []
    columns = [tree.nodes["feature_idx"] for iteration in trees for tree in iteration]
    return all(((each >= 0) & (each < estimator.n_features_in_)).all() for each in columns)


def _check_search_tree(tree: Any) -> object:
    """Check the indices of the points in a k-d or ball tree, and the range of each node."""
    data, order, nodes, bounds, _, levels, count, *_ = tree.__getstate__()
    start, end = nodes["idx_start"], nodes["idx_end"]
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    return (
        np.array_equal(np.sort(order), np.arange(len(data)))
        and ((start >= 0) & (start <= end) & (end <= len(data))).all()
        and (2 * inner + 2 < len(nodes)).all()
        and 0 < levels < MAX_LEVELS
        and np.shape(bounds)[1:] == (count, np.shape(data)[1])
        and count == len(nodes) == 2**levels - 1
    )


def _check_centers(estimator: Any) -> object:
    centers = estimator.cluster_centers_
    return centers.shape == (len(centers), estimator.n_features_in_) and len(centers) > 0


def _check_neighbors(estimator: Any) -> object:
    shape = sklearn_private.training_rows(estimator).shape
    return shape == (estimator.n_samples_fit_, estimator.n_features_in_)


def _check_neighbor_labels(estimator: Any) -> object:
    """Check the labels of the neighbours, which are indices of classes."""
    labels = np.asarray(sklearn_private.training_targets(estimator))
    classes = estimator.classes_ if isinstance(estimator.classes_, list) else [estimator.classes_]
    columns = labels.reshape(len(labels), -1)
    return (
        columns.shape == (estimator.n_samples_fit_, len(classes))
        and labels.dtype.kind in "iu"
        and (columns.min(axis=0) >= 0).all()
        and (columns.max(axis=0) < list(map(len, classes))).all()
    )


def _check_support_vectors(estimator: Any) -> object:
    """Check the numbers of support vectors, which the C code of libsvm takes from the file."""
    counts, coefficients, intercepts = sklearn_private.support_parameters(estimator)
    is_voting, n_vectors = hasattr(estimator, "classes_"), len(estimator.support_)
    n_groups = len(estimator.classes_) if is_voting else 2
    shape = (n_groups - 1, n_vectors)
    stored = coefficients.data if hasattr(coefficients, "toarray") else coefficients
    return (
        len(counts) == n_groups
        and (counts >= 0).all()
        and (counts.sum() == n_vectors or not is_voting)
        and coefficients.shape == shape
        and np.size(stored) == shape[0] * shape[1]
        and len(intercepts) == n_groups * (n_groups - 1) // 2
        and _are_vectors_of_rows(estimator, n_vectors)
    )


def _are_vectors_of_rows(estimator: Any, n_vectors: int) -> object:
    if callable(estimator.kernel) or estimator.kernel == "precomputed":
        rows = estimator.support_
        return not n_vectors or 0 <= rows.min() <= rows.max() < estimator.shape_fit_[0]
    return estimator.support_vectors_.shape == (n_vectors, estimator.n_features_in_)


def _check_input(vectorizer: Any) -> object:
    if vectorizer.input != "content":
        raise ArtifactError("A vectorizer would read files named in its input.")
    return True


def _check_words(vectorizer: Any) -> object:
    """Check that the words of a vocabulary have the indices of the columns."""
    vocabulary = vectorizer.vocabulary_
    return type(vocabulary) is dict and sorted(vocabulary.values()) == list(range(len(vocabulary)))


def _check_one_hot(encoder: Any) -> object:
    """Check the numbers of output columns, and those of infrequent categories."""
    widths = list(sklearn_private.encoded_widths(encoder))
    infrequent = sklearn_private.infrequent_categories(encoder)
    return widths == sklearn_private.count_widths(encoder) and all(
        _have_last_number(len(categories), *column)
        for categories, column in zip(encoder.categories_, infrequent, strict=True)
    )


def _have_last_number(n_categories: int, infrequent: Any, numbers: Any) -> object:
    """Check that the infrequent categories share the last number of a column."""
    if infrequent is None or numbers is None:
        return infrequent is numbers
    frequent = np.setdiff1d(np.arange(n_categories), infrequent)
    expected = np.full(n_categories, len(frequent))
    expected[frequent] = np.arange(len(frequent))
    return len(frequent) == n_categories - len(infrequent) and np.array_equal(numbers, expected)


def _check_chain(chain: Any) -> object:
    """Check that the order of a chain contains each output once."""
    return np.array_equal(np.sort(chain.order_), np.arange(len(chain.estimators_)))


def _check_products(features: Any) -> object:
    """Check the numbers of products. The output has memory for the first number of them."""
    return sklearn_private.stated_products(features) == sklearn_private.count_products(features)


def _check_sparse(matrix: Any) -> object:
    """Check the pointers of a sparse matrix; the check raises an exception."""
    matrix.check_format(full_check=True)
    return True


def _check_spline(spline: Any) -> object:
    """Check the numbers of knots and coefficients, and the order of the knots."""
    n_bases = len(spline.t) - spline.k - 1
    return 0 <= spline.k < n_bases <= len(spline.c) and _are_knots(spline.t)


def _check_quantiles(transformer: Any) -> object:
    if np.isnan(transformer.quantiles_).any():
        raise ArtifactError("A QuantileTransformer was fitted with a column without any value.")
    return _are_knots(transformer.quantiles_) and _are_knots(transformer.references_)


def _are_knots(values: Any) -> object:
    """Return whether numbers increase, without NaN.

    NumPy and SciPy start to search for a value where they found the last one.
    """
    knots = np.asarray(values)
    return knots.ndim > 0 and (knots[:-1] <= knots[1:]).all()


def _sorted(name: str) -> Rule:
    """Return a rule for an attribute in which an estimator searches.

    A search in other numbers depends on the rows before it. NaN comes last.
    """
    return lambda estimator: all(
        _increases(np.asarray(each)) for each in _arrays(getattr(estimator, name))
    )


def _arrays(value: Any) -> Any:
    is_several = isinstance(value, list) or (value.dtype == object and value.ndim == 1)
    if is_several and all(isinstance(each, np.ndarray) for each in value):
        return value
    return [value]


def _increases(values: Any) -> object:
    if values.dtype.kind not in "biuf":
        return True
    is_missing = values != values  # noqa: PLR0124 - NaN
    in_order = (values[:-1] <= values[1:]) | is_missing[1:]
    return values.ndim > 0 and in_order.all()


# For the full name of each class, the attribute of a fitted object, and its rule. An object that is
# not fitted runs no compiled code. Full names avoid the import of the classes.
RULES: dict[str, tuple[str, Rule]] = {
    "scipy.interpolate._bsplines.BSpline": ("", _check_spline),
    "scipy.sparse._data._data_matrix": ("", _check_sparse),
    "sklearn.cluster._kmeans._BaseKMeans": ("cluster_centers_", _check_centers),
    "sklearn.ensemble._forest.BaseForest": ("estimators_", _check_forest),
    "sklearn.ensemble._gb.BaseGradientBoosting": ("estimators_", _check_gradient_boosting),
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.BaseHistGradientBoosting": (
        "_predictors",
        _check_histogram_boosting,
    ),
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": ("", _check_predictor),
    "sklearn.ensemble._iforest.IsolationForest": ("estimators_features_", _check_isolation_forest),
    "sklearn.feature_extraction.text.CountVectorizer": ("vocabulary_", _check_words),
    "sklearn.feature_extraction.text._VectorizerMixin": ("input", _check_input),
    "sklearn.isotonic.IsotonicRegression": (
        "X_thresholds_",
        lambda estimator: _are_knots(estimator.X_thresholds_),
    ),
    "sklearn.multioutput._BaseChain": ("order_", _check_chain),
    "sklearn.neighbors._ball_tree.BinaryTree32": ("", _check_search_tree),
    "sklearn.neighbors._ball_tree.BinaryTree64": ("", _check_search_tree),
    "sklearn.neighbors._base.NeighborsBase": ("_fit_X", _check_neighbors),
    "sklearn.neighbors._classification.KNeighborsClassifier": ("_y", _check_neighbor_labels),
    "sklearn.neighbors._classification.RadiusNeighborsClassifier": ("_y", _check_neighbor_labels),
    "sklearn.neighbors._kd_tree.BinaryTree32": ("", _check_search_tree),
    "sklearn.neighbors._kd_tree.BinaryTree64": ("", _check_search_tree),
    "sklearn.preprocessing._data.QuantileTransformer": ("quantiles_", _check_quantiles),
    "sklearn.preprocessing._discretization.KBinsDiscretizer": ("bin_edges_", _sorted("bin_edges_")),
    "sklearn.preprocessing._encoders._BaseEncoder": ("categories_", _sorted("categories_")),
    "sklearn.preprocessing._encoders.OneHotEncoder": ("categories_", _check_one_hot),
    "sklearn.preprocessing._label.LabelEncoder": ("classes_", _sorted("classes_")),
    "sklearn.preprocessing._polynomial.PolynomialFeatures": ("_n_out_full", _check_products),
    "sklearn.svm._base.BaseLibSVM": ("support_", _check_support_vectors),
    "sklearn.tree._classes.BaseDecisionTree": ("tree_", _check_decision_tree),
    "sklearn.tree._tree.Tree": ("", _check_tree),
}
