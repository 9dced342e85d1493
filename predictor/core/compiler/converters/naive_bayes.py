"""Convert fitted Gaussian naive Bayes."""

from typing import Any

import numpy as np

from predictor.core.compiled.naive_bayes import GaussianBayes
from predictor.core.compiler.converters.dispatch import CONVERTERS


def _gaussian(estimator: Any) -> GaussianBayes:
    variances = estimator.var_
    constants = -0.5 * np.log(2.0 * np.pi * variances).sum(axis=1)
    log_priors = np.log(estimator.class_prior_)
    return GaussianBayes(estimator.classes_, estimator.theta_, variances, constants, log_priors)


CONVERTERS.update({"GaussianNB": _gaussian})
