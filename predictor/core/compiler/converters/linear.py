"""Convert fitted linear models."""

from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiled.linear import (
    LOGISTIC,
    SOFTMAX,
    LinearClassifier,
    LinearRegressor,
    LogLinkRegressor,
)


def convert_regressor(estimator: Any) -> LinearRegressor:
    """Convert a linear regressor."""
    return LinearRegressor(np.asarray(estimator.coef_), estimator.intercept_)


def convert_generalized(estimator: Any) -> LinearRegressor:
    """Convert a generalised linear model."""
    link = sklearn_private.link_name(estimator)
    kind = {"LogLink": LogLinkRegressor, "IdentityLink": LinearRegressor}.get(link)
    if kind is None:
        raise NotCompilable(f"The link {link} is not compiled.")
    return kind(estimator.coef_, estimator.intercept_)


def convert_classifier(estimator: Any) -> LinearClassifier:
    """Convert a linear classifier without probabilities."""
    return LinearClassifier(estimator.coef_, estimator.intercept_, estimator.classes_)


def convert_logistic(estimator: Any) -> LinearClassifier:
    """Convert a linear classifier whose probabilities are the softmax of its scores."""
    link = SOFTMAX if len(estimator.classes_) > 2 else LOGISTIC  # noqa: PLR2004 - two classes have one score
    return LinearClassifier(estimator.coef_, estimator.intercept_, estimator.classes_, link)


def convert_sgd_classifier(estimator: Any) -> LinearClassifier:
    """Convert a linear classifier that was fitted by stochastic gradient descent."""
    link = LOGISTIC if estimator.loss == "log_loss" else ""
    return LinearClassifier(estimator.coef_, estimator.intercept_, estimator.classes_, link)


CONVERTERS = {
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
        convert_regressor,
    ),
    **dict.fromkeys(
        ("GammaRegressor", "PoissonRegressor", "TweedieRegressor"), convert_generalized
    ),
    **dict.fromkeys(
        (
            "LinearSVC",
            "PassiveAggressiveClassifier",
            "Perceptron",
            "RidgeClassifier",
            "RidgeClassifierCV",
        ),
        convert_classifier,
    ),
    **dict.fromkeys(
        ("LinearDiscriminantAnalysis", "LogisticRegression", "LogisticRegressionCV"),
        convert_logistic,
    ),
    "SGDClassifier": convert_sgd_classifier,
}
