"""Convert fitted naive Bayes classifiers."""

from typing import Any

import numpy as np

from predictor.core.compiled.naive_bayes import DiscreteBayes, GaussianBayes


def convert_gaussian(estimator: Any) -> GaussianBayes:
    """Convert a Gaussian naive Bayes."""
    variances = estimator.var_
    constants = -0.5 * np.log(2.0 * np.pi * variances).sum(axis=1)
    log_priors = np.log(estimator.class_prior_)
    return GaussianBayes(estimator.classes_, estimator.theta_, variances, constants, log_priors)


def convert_multinomial(estimator: Any) -> DiscreteBayes:
    """Convert a multinomial naive Bayes."""
    weights = estimator.feature_log_prob_.T
    return DiscreteBayes(estimator.classes_, weights, estimator.class_log_prior_)


def convert_complement(estimator: Any) -> DiscreteBayes:
    """Convert a complement naive Bayes, which has a prior for a single class only."""
    n_classes = len(estimator.classes_)
    constants = estimator.class_log_prior_ if n_classes == 1 else np.zeros(n_classes)
    return DiscreteBayes(estimator.classes_, estimator.feature_log_prob_.T, constants)


def convert_bernoulli(estimator: Any) -> DiscreteBayes:
    """Convert a Bernoulli naive Bayes."""
    log_absent = np.log(1 - np.exp(estimator.feature_log_prob_))
    return DiscreteBayes(
        estimator.classes_,
        (estimator.feature_log_prob_ - log_absent).T,
        estimator.class_log_prior_ + log_absent.sum(axis=1),
        threshold=estimator.binarize,
        accepts_negative=True,
    )


CONVERTERS = {
    "BernoulliNB": convert_bernoulli,
    "ComplementNB": convert_complement,
    "GaussianNB": convert_gaussian,
    "MultinomialNB": convert_multinomial,
}
