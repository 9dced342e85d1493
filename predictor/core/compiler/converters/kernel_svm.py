"""Convert fitted support vector machines."""

from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiled.kernel_svm import VectorClassifier, VectorRegressor
from predictor.core.compiled.kernels import FARTHEST, DotProducts, Kernel, Radial

# Pairs of classes: of more classes there are too many to be worth it.
MOST_CLASSES = 50


def _common(estimator: Any, counts: Any) -> dict[str, Any]:
    """Return the fields of every form of support vectors."""
    if not min(counts):
        raise NotCompilable("Classes without support vectors are not compiled.")
    return {
        "kernel": kernel_of(estimator),
        "coefs": estimator._dual_coef_,
        "intercepts": estimator._intercept_,
        "counts": np.asarray(counts),
    }


def regressor(estimator: Any) -> VectorRegressor:
    """Return the form of a regression by support vectors."""
    return VectorRegressor(**_common(estimator, [len(estimator.support_)]))


def classifier(estimator: Any) -> VectorClassifier:
    """Return the form of a classification by support vectors."""
    if estimator.decision_function_shape != "ovr" or estimator.break_ties:
        raise NotCompilable("Scores of pairs, and ties that scores break, are not compiled.")
    n_classes = len(estimator.classes_)
    if n_classes > MOST_CLASSES:
        raise NotCompilable(
            f"Support vectors of more than {MOST_CLASSES} classes are not compiled."
        )
    if n_classes != len(estimator.n_support_):
        raise NotCompilable("Classes without support vectors are not compiled.")
    several = n_classes > 2  # noqa: PLR2004 - one sum is of two
    counts = estimator.n_support_ if several else [len(estimator.support_)]
    return VectorClassifier(
        **_common(estimator, counts),
        classes=estimator.classes_,
    )


COMPILED = {
    "NuSVC": classifier,
    "NuSVR": regressor,
    "SVC": classifier,
    "SVR": regressor,
}


def kernel_of(estimator: Any) -> Kernel:
    """Return the form of a machine's kernel."""
    name, vectors = estimator.kernel, estimator.support_vectors_
    if estimator._sparse:  # noqa: SLF001 - what its own prediction reads
        raise NotCompilable("Support vectors of sparse rows are not compiled.")
    if name not in ("rbf", "linear"):
        which = "given as a function" if callable(name) else name
        raise NotCompilable(f"Support vectors with a kernel {which} are not compiled.")
    vectors = np.ascontiguousarray(vectors)
    gamma = float(estimator._gamma) if name == "rbf" else 1.0  # noqa: SLF001 - as above
    farthest = float(np.abs(vectors).max(initial=0.0))
    if not max(1.0, gamma) * max(1.0, farthest) * farthest * vectors.shape[1] <= FARTHEST:
        raise NotCompilable(f"Support vectors with numbers beyond {FARTHEST:g} are not compiled.")
    return Radial(vectors, gamma) if name == "rbf" else DotProducts(vectors, gamma)
