"""Convert fitted support vector machines."""

from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiled.kernel_svm import SVMClassifier, SVMRegressor
from predictor.core.compiled.kernels import Kernel, LinearKernel, RadialKernel

# The number of pairs grows with the square: more classes are slow.
MAX_CLASSES = 50

# Kernels of larger numbers overflow.
MAX_NUMBER = 1e100


def _regressor(estimator: Any) -> SVMRegressor:
    return SVMRegressor(**_fields(estimator, [len(estimator.support_)]))


def _classifier(estimator: Any) -> SVMClassifier:
    if estimator.decision_function_shape != "ovr" or estimator.break_ties:
        raise NotCompilable(
            "Support vectors with scores of pairs, or with ties to break, are not compiled."
        )
    n_classes = len(estimator.classes_)
    if n_classes > MAX_CLASSES:
        raise NotCompilable(f"Support vectors of more than {MAX_CLASSES} classes are not compiled.")
    counts = estimator.n_support_ if n_classes > 2 else [len(estimator.support_)]  # noqa: PLR2004 - two classes have one sum
    if n_classes != len(estimator.n_support_):
        raise NotCompilable("Classes without support vectors are not compiled.")
    return SVMClassifier(**_fields(estimator, counts), classes=estimator.classes_)


def _fields(estimator: Any, counts: Any) -> dict[str, Any]:
    """Return the fields that all compiled support vector machines have."""
    if not min(counts):
        raise NotCompilable("Classes without support vectors are not compiled.")
    coefs, intercepts = sklearn_private.svm_coefficients(estimator)
    return {
        "kernel": _kernel(estimator),
        "coefs": coefs,
        "intercepts": intercepts,
        "counts": np.asarray(counts),
    }


def _kernel(estimator: Any) -> Kernel:
    name = estimator.kernel
    if sklearn_private.was_fitted_on_sparse(estimator):
        raise NotCompilable("Support vectors of sparse rows are not compiled.")
    if name not in ("rbf", "linear"):
        described = "that is a function" if callable(name) else name
        raise NotCompilable(f"Support vectors with a kernel {described} are not compiled.")
    vectors = np.ascontiguousarray(estimator.support_vectors_)
    gamma = sklearn_private.svm_gamma(estimator) if name == "rbf" else 1.0
    largest = float(np.abs(vectors).max(initial=0.0))
    if not max(1.0, gamma) * max(1.0, largest) * largest * vectors.shape[1] <= MAX_NUMBER:
        raise NotCompilable(f"Support vectors with numbers above {MAX_NUMBER:g} are not compiled.")
    return RadialKernel(vectors, gamma) if name == "rbf" else LinearKernel(vectors)


CONVERTERS = {
    "NuSVC": _classifier,
    "NuSVR": _regressor,
    "SVC": _classifier,
    "SVR": _regressor,
}
