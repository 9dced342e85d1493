"""Convert fitted linear models."""

from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiled.linear import (
    LOGISTIC,
    SOFTMAX,
    Generalised,
    Linear,
    LinearClassifier,
)


def regression(estimator: Any) -> Linear:
    """Return the form of a linear regression."""
    return Linear(np.asarray(estimator.coef_), estimator.intercept_)


def generalised(estimator: Any) -> Linear:
    """Return the form of a generalised linear model."""
    link = type(estimator._base_loss.link).__name__  # noqa: SLF001 - what its own predict calls
    kind = {"LogLink": Generalised, "IdentityLink": Linear}.get(link)
    if kind is None:
        raise NotCompilable(f"The link {link} is not compiled.")
    return kind(estimator.coef_, estimator.intercept_)


def classifier(estimator: Any) -> LinearClassifier:
    """Return the form of a linear classifier that gives scores alone."""
    return LinearClassifier(estimator.coef_, estimator.intercept_, estimator.classes_)


def logistic(estimator: Any) -> LinearClassifier:
    """Return the form of a logistic regression."""
    link = SOFTMAX if len(estimator.classes_) > 2 else LOGISTIC  # noqa: PLR2004 - one score is of two
    return LinearClassifier(estimator.coef_, estimator.intercept_, estimator.classes_, link)


def descent(estimator: Any) -> LinearClassifier:
    """Return the form of a linear classifier fitted by stochastic gradient descent."""
    link = LOGISTIC if estimator.loss == "log_loss" else ""
    return LinearClassifier(estimator.coef_, estimator.intercept_, estimator.classes_, link)


COMPILED = {
    **dict.fromkeys(
        (
            "ARDRegression",
            "BayesianRidge",
            "ElasticNet",
            "ElasticNetCV",
            "HuberRegressor",
            "Lars",
            "LarsCV",
            "Lasso",
            "LassoCV",
            "LassoLars",
            "LassoLarsCV",
            "LassoLarsIC",
            "LinearRegression",
            "LinearSVR",
            "MultiTaskElasticNet",
            "MultiTaskElasticNetCV",
            "MultiTaskLasso",
            "MultiTaskLassoCV",
            "OrthogonalMatchingPursuit",
            "OrthogonalMatchingPursuitCV",
            "PassiveAggressiveRegressor",
            "QuantileRegressor",
            "Ridge",
            "RidgeCV",
            "SGDRegressor",
            "TheilSenRegressor",
        ),
        regression,
    ),
    **dict.fromkeys(("GammaRegressor", "PoissonRegressor", "TweedieRegressor"), generalised),
    **dict.fromkeys(
        (
            "LinearSVC",
            "PassiveAggressiveClassifier",
            "Perceptron",
            "RidgeClassifier",
            "RidgeClassifierCV",
        ),
        classifier,
    ),
    "LogisticRegression": logistic,
    "LogisticRegressionCV": logistic,
    "SGDClassifier": descent,
    "LinearDiscriminantAnalysis": logistic,
}
