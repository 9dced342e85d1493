"""Convert fitted polynomial features, and clusters around centres."""

from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiled.feature_expansion import ClusterCentres, PolynomialExpansion


def convert_polynomial(estimator: Any) -> PolynomialExpansion:
    """Convert polynomial features."""
    powers = estimator.powers_
    degree = max(1, int(powers.sum(axis=1).max(initial=0)))
    if estimator.order != "C":
        raise NotCompilable("Polynomial features in Fortran order are not compiled.")
    factors = np.zeros((degree, len(powers)), dtype=np.intp)
    for number, row in enumerate(powers):
        columns = np.repeat(np.arange(1, len(row) + 1), row)
        factors[: len(columns), number] = columns
    return PolynomialExpansion(factors)


def convert_clusters(estimator: Any) -> ClusterCentres:
    """Convert clusters around centres."""
    return ClusterCentres(estimator.cluster_centers_)


CONVERTERS = {
    "KMeans": convert_clusters,
    "MiniBatchKMeans": convert_clusters,
    "PolynomialFeatures": convert_polynomial,
}
