"""Index checks of support vectors, splines, vocabularies, encoders and random generators."""

from typing import Any

import numpy as np

from predictor.core.artifacts.bounds_trees import Rule, require

# Lengths of the states of the Mersenne Twister and of Philox, in words.
TWISTER_WORDS, PHILOX_WORDS = 624, 4

MAX_HASHED_FEATURES = 2**31 - 1

OTHER_CATEGORIES = "The columns of an encoder do not match its categories."


def _check_libsvm(estimator: Any) -> None:
    """Check the number of support vectors, which the C code of libsvm takes from the file."""
    is_voting = estimator._impl in ("c_svc", "nu_svc")  # noqa: SLF001 - its prediction reads it
    implementations = ("c_svc", "nu_svc", "one_class", "epsilon_svr", "nu_svr")
    counts, vectors = estimator._n_support, len(estimator.support_)  # noqa: SLF001
    groups = len(estimator.classes_) if is_voting else 2
    pairs = groups * (groups - 1) // 2
    coefficients = estimator._dual_coef_
    stored = getattr(coefficients, "data", coefficients) if estimator._sparse else coefficients  # noqa: SLF001
    require(
        estimator._impl in implementations  # noqa: SLF001
        and len(counts) == groups
        and (counts >= 0).all()
        and (counts.sum() == vectors or not is_voting)
        and coefficients.shape == (groups - 1, vectors)
        and np.size(stored) == (groups - 1) * vectors
        and len(estimator._intercept_) == pairs,
        "The number of support vectors is wrong.",
    )
    for scale in (estimator._probA, estimator._probB):  # noqa: SLF001
        require(
            len(scale) in (0, pairs) and (len(scale) or not estimator._effective_probability),  # noqa: SLF001
            "The probabilities of a support vector machine are for other classes.",
        )
    if callable(estimator.kernel) or estimator.kernel == "precomputed":
        support, n_rows = estimator.support_, estimator.shape_fit_[0]
        is_inside = not vectors or (support.min() >= 0 and support.max() < n_rows)
        require(is_inside, "A support vector is not one of the training rows.")
    else:
        shape = (vectors, estimator.n_features_in_)
        message = "A support vector machine and its support vectors have different columns."
        require(estimator.support_vectors_.shape == shape, message)


def _check_spline(spline: Any) -> None:
    """Check the knots of a spline as its constructor does."""
    knots, coefficients, degree = np.asarray(spline.t), np.asarray(spline.c), spline.k
    require(
        isinstance(degree, int | np.integer)
        and 0 <= degree
        and knots.ndim == 1
        and coefficients.ndim >= 1
        and len(knots) >= len(coefficients) + degree + 1
        and len(coefficients) >= degree + 1
        and np.isfinite(knots).all()
        and (np.diff(knots) >= 0).all(),
        "The knots of a spline do not match its coefficients.",
    )


def _check_words(vectorizer: Any) -> None:
    """Check that the words of a vocabulary have the indices of the columns."""
    require(
        getattr(vectorizer, "input", "content") == "content",
        "A vectorizer would read files named in its input.",
    )
    vocabulary = getattr(vectorizer, "vocabulary_", None)
    if vocabulary is not None:
        columns = sorted(vocabulary.values())
        require(
            columns == list(range(len(vocabulary))),
            "A word of a vocabulary has a column that does not exist.",
        )


def _check_hashing(vectorizer: Any) -> None:
    _check_words(vectorizer)
    require(
        isinstance(vectorizer.n_features, int) and 0 < vectorizer.n_features <= MAX_HASHED_FEATURES,
        "The number of columns of a hashing vectorizer is out of range.",
    )


def _check_one_hot(encoder: Any) -> None:
    outputs = encoder._n_features_outs  # noqa: SLF001 - its transform reads it
    require(list(outputs) == list(encoder._compute_n_features_outs()), OTHER_CATEGORIES)  # noqa: SLF001
    mappings = getattr(encoder, "_default_to_infrequent_mappings", None)
    for mapping, categories in zip(mappings or (), encoder.categories_, strict=False):
        if mapping is not None:
            require(
                len(mapping) == len(categories)
                and mapping.dtype.kind in "iu"
                and mapping.min() >= 0
                and len(set(mapping.tolist())) == mapping.max() + 1,
                OTHER_CATEGORIES,
            )


def _check_compressed(matrix: Any) -> None:
    if hasattr(matrix, "check_format"):
        matrix.check_format(full_check=True)
    elif hasattr(matrix, "_check"):
        matrix._check()  # noqa: SLF001 - its constructor calls it


def _check_position(state: dict[str, Any]) -> None:
    message = "The position of a random generator is outside of its state."
    if state["bit_generator"] == "MT19937":
        require(0 <= state["state"]["pos"] <= TWISTER_WORDS, message)
    elif state["bit_generator"] == "Philox":
        require(0 <= state["buffer_pos"] <= PHILOX_WORDS, message)


CHECKS: dict[str, tuple[str, Rule]] = {
    "sklearn.svm._base.BaseLibSVM": ("support_", _check_libsvm),
    "scipy.interpolate._bsplines.BSpline": ("", _check_spline),
    "sklearn.feature_extraction.text._VectorizerMixin": ("", _check_words),
    "sklearn.feature_extraction._dict_vectorizer.DictVectorizer": ("vocabulary_", _check_words),
    "sklearn.feature_extraction.text.HashingVectorizer": ("", _check_hashing),
    "sklearn.feature_extraction._hash.FeatureHasher": ("", _check_hashing),
    "sklearn.preprocessing._encoders.OneHotEncoder": ("categories_", _check_one_hot),
    "scipy.sparse._data._data_matrix": ("", _check_compressed),
    "numpy.random.mtrand.RandomState": ("", lambda x: _check_position(x.get_state(legacy=False))),
    "numpy.random._generator.Generator": ("", lambda x: _check_position(x.bit_generator.state)),
}
