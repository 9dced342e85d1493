"""Index checks of support vectors, splines, vocabularies, encoders and random generators."""

from typing import Any

import numpy as np

from predictor.core.artifacts.bounds_trees import Rule
from predictor.core.errors import ArtifactError

# Lengths of the states of the Mersenne Twister and of Philox, in words.
TWISTER_WORDS, PHILOX_WORDS = 624, 4

MAX_HASHED_FEATURES = 2**31 - 1


def _check_libsvm(estimator: Any) -> object:
    """Check the number of support vectors, which the C code of libsvm takes from the file."""
    implementation, counts = estimator._impl, estimator._n_support  # noqa: SLF001 - its prediction reads them
    is_voting = implementation in ("c_svc", "nu_svc")
    n_groups, n_vectors = len(estimator.classes_) if is_voting else 2, len(estimator.support_)
    n_pairs = n_groups * (n_groups - 1) // 2
    coefficients = estimator._dual_coef_
    stored = getattr(coefficients, "data", coefficients) if estimator._sparse else coefficients  # noqa: SLF001
    return (
        (is_voting or implementation in ("one_class", "epsilon_svr", "nu_svr"))
        and len(counts) == n_groups
        and (counts >= 0).all()
        and (counts.sum() == n_vectors or not is_voting)
        and coefficients.shape == (n_groups - 1, n_vectors)
        and np.size(stored) == (n_groups - 1) * n_vectors
        and len(estimator._intercept_) == n_pairs
        and all(
            len(scale) in (0, n_pairs) and (len(scale) or not estimator._effective_probability)  # noqa: SLF001
            for scale in (estimator._probA, estimator._probB)  # noqa: SLF001
        )
        and _check_vectors(estimator, n_vectors)
    )


def _check_vectors(estimator: Any, n_vectors: int) -> object:
    if callable(estimator.kernel) or estimator.kernel == "precomputed":
        support = estimator.support_
        return not n_vectors or (support.min() >= 0 and support.max() < estimator.shape_fit_[0])
    return estimator.support_vectors_.shape == (n_vectors, estimator.n_features_in_)


def _check_spline(spline: Any) -> object:
    """Check the knots of a spline as its constructor does."""
    knots, coefficients, degree = np.asarray(spline.t), np.asarray(spline.c), spline.k
    return (
        isinstance(degree, int | np.integer)
        and 0 <= degree
        and knots.ndim == 1
        and coefficients.ndim >= 1
        and len(knots) >= len(coefficients) + degree + 1
        and len(coefficients) >= degree + 1
        and np.isfinite(knots).all()
        and (np.diff(knots) >= 0).all()
    )


def _check_words(vectorizer: Any) -> object:
    """Check that the words of a vocabulary have the indices of the columns."""
    if getattr(vectorizer, "input", "content") != "content":
        raise ArtifactError("A vectorizer would read files named in its input.")
    vocabulary = getattr(vectorizer, "vocabulary_", {})
    return sorted(vocabulary.values()) == list(range(len(vocabulary)))


def _check_hashing(vectorizer: Any) -> object:
    n_features = vectorizer.n_features
    is_in_range = isinstance(n_features, int) and 0 < n_features <= MAX_HASHED_FEATURES
    return _check_words(vectorizer) and is_in_range


def _check_one_hot(encoder: Any) -> object:
    n_outputs = encoder._n_features_outs  # noqa: SLF001 - its transform reads it
    mappings = getattr(encoder, "_default_to_infrequent_mappings", None) or ()
    pairs = zip(mappings, encoder.categories_, strict=False)
    return list(n_outputs) == list(encoder._compute_n_features_outs()) and all(  # noqa: SLF001
        mapping is None
        or (
            len(mapping) == len(categories)
            and mapping.dtype.kind in "iu"
            and mapping.min() >= 0
            and len(set(mapping.tolist())) == mapping.max() + 1
        )
        for mapping, categories in pairs
    )


def _check_compressed(matrix: Any) -> object:
    """Run the check of a sparse matrix, which raises an exception."""
    if hasattr(matrix, "check_format"):
        matrix.check_format(full_check=True)
    elif hasattr(matrix, "_check"):
        matrix._check()  # noqa: SLF001 - its constructor calls it
    return True


def _check_position(state: dict[str, Any]) -> object:
    """Check that the position of a random generator is inside of its state."""
    if state["bit_generator"] == "MT19937":
        return 0 <= state["state"]["pos"] <= TWISTER_WORDS
    return state["bit_generator"] != "Philox" or 0 <= state["buffer_pos"] <= PHILOX_WORDS


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
