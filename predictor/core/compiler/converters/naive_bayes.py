"""Convert fitted classifiers of Bayes' rule."""

from typing import Any

import numpy as np

from predictor.core.compiled.naive_bayes import Counts, Gaussian


def gaussian(estimator: Any) -> Gaussian:
    """Return the form of a Gaussian naive Bayes."""
    variances = estimator.var_
    constants = -0.5 * np.log(2.0 * np.pi * variances).sum(axis=1)
    log_priors = np.log(estimator.class_prior_)
    return Gaussian(estimator.classes_, estimator.theta_, variances, constants, log_priors)


def multinomial(estimator: Any) -> Counts:
    """Return the form of a multinomial naive Bayes."""
    weights = estimator.feature_log_prob_.T
    return Counts(estimator.classes_, weights, estimator.class_log_prior_)


def complement(estimator: Any) -> Counts:
    """Return the form of a complement naive Bayes."""
    alone = len(estimator.classes_) == 1
    constants = estimator.class_log_prior_ if alone else np.zeros(len(estimator.classes_))
    return Counts(estimator.classes_, estimator.feature_log_prob_.T, constants)


def bernoulli(estimator: Any) -> Counts:
    """Return the form of a Bernoulli naive Bayes."""
    absent = np.log(1 - np.exp(estimator.feature_log_prob_))
    return Counts(
        estimator.classes_,
        (estimator.feature_log_prob_ - absent).T,
        estimator.class_log_prior_ + absent.sum(axis=1),
        binarize=estimator.binarize,
        negative=True,
    )


COMPILED = {
    "GaussianNB": gaussian,
    "MultinomialNB": multinomial,
    "ComplementNB": complement,
    "BernoulliNB": bernoulli,
}
