"""Bounds of the rest: support vectors, splines, vocabularies, encoders, matrices, generators."""

from typing import Any

import numpy as np

from predictor.core.artifacts.bounds_trees import Rule, require

TABLE = 2

# The words of state that the Mersenne Twister and Philox step through.
TWISTER_WORDS, PHILOX_WORDS = 624, 4

MOST_HASHED = 2**31 - 1


def check_libsvm(estimator: Any) -> None:
    """Check the support vectors of libsvm: its C code counts them by what the file says."""
    voting = estimator._impl in ("c_svc", "nu_svc")  # noqa: SLF001 - what its own prediction reads
    known = ("c_svc", "nu_svc", "one_class", "epsilon_svr", "nu_svr")
    counts, vectors = estimator._n_support, len(estimator.support_)  # noqa: SLF001
    groups = len(estimator.classes_) if voting else 2
    pairs = groups * (groups - 1) // 2
    coefficients = estimator._dual_coef_
    stored = getattr(coefficients, "data", coefficients) if estimator._sparse else coefficients  # noqa: SLF001
    require(
        estimator._impl in known  # noqa: SLF001
        and len(counts) == groups
        and (counts >= 0).all()
        and (counts.sum() == vectors or not voting)
        and coefficients.shape == (groups - 1, vectors)
        and np.size(stored) == (groups - 1) * vectors
        and len(estimator._intercept_) == pairs,
        "Support vectors are fewer than a support vector machine says.",
    )
    for scale in (estimator._probA, estimator._probB):  # noqa: SLF001
        require(
            len(scale) in (0, pairs) and (len(scale) or not estimator._effective_probability),  # noqa: SLF001
            "Probabilities of a support vector machine are for other classes.",
        )
    if callable(estimator.kernel) or estimator.kernel == "precomputed":
        support = estimator.support_
        require(
            not vectors or (support.min() >= 0 and support.max() < estimator.shape_fit_[0]),
            "A support vector is not among the rows of fitting.",
        )
    else:
        require(
            estimator.support_vectors_.shape == (vectors, estimator.n_features_in_),
            "Support vectors have other columns than their machine.",
        )


def check_spline(spline: Any) -> None:
    """Check a spline's knots against its coefficients, as its own constructor does."""
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
        "A spline has fewer knots than it needs.",
    )


def check_vocabulary(vectorizer: Any) -> None:
    """Check that the words of a vocabulary are numbered by the columns, and rows are texts."""
    require(
        getattr(vectorizer, "input", "content") == "content",
        "A vectorizer reads files by the names that it is sent.",
    )
    vocabulary = getattr(vectorizer, "vocabulary_", None)
    if vocabulary is not None:
        columns = sorted(vocabulary.values())
        require(
            columns == list(range(len(vocabulary))),
            "A word of a vocabulary stands for a column that is not there.",
        )


def check_hashing(vectorizer: Any) -> None:
    """Check the number of columns that texts are hashed into."""
    check_vocabulary(vectorizer)
    require(
        isinstance(vectorizer.n_features, int) and 0 < vectorizer.n_features <= MOST_HASHED,
        "A hashing vectorizer has an impossible number of columns.",
    )


def check_one_hot(encoder: Any) -> None:
    """Check that an encoder has as many columns as its categories need."""
    outputs = encoder._n_features_outs  # noqa: SLF001 - what its own transform reads
    require(
        list(outputs) == list(encoder._compute_n_features_outs()),  # noqa: SLF001
        "An encoder has other columns than its categories need.",
    )
    mappings = getattr(encoder, "_default_to_infrequent_mappings", None)
    for mapping, categories in zip(mappings or (), encoder.categories_, strict=False):
        if mapping is not None:
            require(
                len(mapping) == len(categories)
                and mapping.dtype.kind in "iu"
                and mapping.min() >= 0
                and len(set(mapping.tolist())) == mapping.max() + 1,
                "An encoder has other columns than its categories need.",
            )


def check_compressed(matrix: Any) -> None:
    """Check the indices of a sparse matrix."""
    if hasattr(matrix, "check_format"):
        matrix.check_format(full_check=True)
    elif hasattr(matrix, "_check"):
        matrix._check()  # noqa: SLF001 - as its own constructor does


def check_random_state(state: Any) -> None:
    """Check where a legacy generator stands in its state."""
    inner = state.get_state(legacy=False)
    _check_position(inner)


def check_generator(generator: Any) -> None:
    """Check where a generator stands in its state."""
    _check_position(generator.bit_generator.state)


def _check_position(state: dict[str, Any]) -> None:
    sentence = "A random generator stands outside of its state."
    if state["bit_generator"] == "MT19937":
        require(0 <= state["state"]["pos"] <= TWISTER_WORDS, sentence)
    elif state["bit_generator"] == "Philox":
        require(0 <= state["buffer_pos"] <= PHILOX_WORDS, sentence)


CHECKS: dict[str, tuple[str, Rule]] = {
    "sklearn.svm._base.BaseLibSVM": ("support_", check_libsvm),
    "scipy.interpolate._bsplines.BSpline": ("", check_spline),
    "sklearn.feature_extraction.text._VectorizerMixin": ("", check_vocabulary),
    "sklearn.feature_extraction._dict_vectorizer.DictVectorizer": ("vocabulary_", check_vocabulary),
    "sklearn.feature_extraction.text.HashingVectorizer": ("", check_hashing),
    "sklearn.feature_extraction._hash.FeatureHasher": ("", check_hashing),
    "sklearn.preprocessing._encoders.OneHotEncoder": ("categories_", check_one_hot),
    "scipy.sparse._data._data_matrix": ("", check_compressed),
    "numpy.random.mtrand.RandomState": ("", check_random_state),
    "numpy.random._generator.Generator": ("", check_generator),
}
