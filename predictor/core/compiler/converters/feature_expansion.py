"""Convert fitted transformers that make other columns of numbers."""

from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiled.feature_expansion import Centres, Products


def products(estimator: Any) -> Products:
    """Return the form of polynomial features."""
    powers = estimator.powers_
    degree = max(1, int(powers.sum(axis=1).max(initial=0)))
    if estimator.order != "C":
        raise NotCompilable("Polynomial features are compiled in the order C alone.")
    factors = np.zeros((degree, len(powers)), dtype=np.intp)
    for number, row in enumerate(powers):
        columns = np.repeat(np.arange(1, len(row) + 1), row)
        factors[: len(columns), number] = columns
    return Products(factors)


def centres(estimator: Any) -> Centres:
    """Return the form of clusters around means."""
    return Centres(estimator.cluster_centers_)


COMPILED = {"PolynomialFeatures": products, "KMeans": centres, "MiniBatchKMeans": centres}
