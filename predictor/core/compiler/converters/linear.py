"""Convert fitted linear models."""

from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiled.linear import (
    LOGISTIC,
    ONE_VS_REST,
    SOFTMAX,
    LinearClassifier,
    LinearRegressor,
    LogLinkRegressor,
)
from predictor.core.compiler.converters.dispatch import CONVERTERS


def _regressor(estimator: Any) -> LinearRegressor:
    return LinearRegressor(np.asarray(estimator.coef_), estimator.intercept_)


def _generalized(estimator: Any) -> LinearRegressor:
    link = sklearn_private.link_name(estimator)
    kind = {"LogLink": LogLinkRegressor, "IdentityLink": LinearRegressor}.get(link)
    if kind is None:
        raise NotCompilable(f"The link {link} is not compiled.")
    return kind(estimator.coef_, estimator.intercept_)


def _classifier(estimator: Any) -> LinearClassifier:
    return LinearClassifier(estimator.coef_, estimator.intercept_, estimator.classes_)


def _logistic(estimator: Any) -> LinearClassifier:
    link = SOFTMAX if len(estimator.classes_) > 2 else LOGISTIC  # noqa: PLR2004 - two classes have one score
    return LinearClassifier(estimator.coef_, estimator.intercept_, estimator.classes_, link)


def _sgd_classifier(estimator: Any) -> LinearClassifier:
    link = LOGISTIC if estimator.loss == "log_loss" else ""
    return LinearClassifier(estimator.coef_, estimator.intercept_, estimator.classes_, link)


def _one_vs_rest(estimator: Any) -> LinearClassifier:
    parts = estimator.estimators_
    is_logistic = all(type(part).__name__ == "LogisticRegression" for part in parts)
    if estimator.multilabel_ or len(parts) < 3 or not is_logistic:  # noqa: PLR2004 - two classes have one part
        raise NotCompilable("One-vs-rest is compiled for logistic regressions of several classes.")
    coef = np.vstack([part.coef_ for part in parts])
    intercept = np.hstack([part.intercept_ for part in parts])
    return LinearClassifier(coef, intercept, estimator.classes_, ONE_VS_REST)


# Names of classes, separated by spaces.
REGRESSORS = (
    "ARDRegression BayesianRidge ElasticNet ElasticNetCV HuberRegressor Lars LarsCV Lasso LassoCV "
    "LassoLars LassoLarsCV LassoLarsIC LinearRegression LinearSVR MultiTaskElasticNet "
    "MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV OrthogonalMatchingPursuit "
    "OrthogonalMatchingPursuitCV PassiveAggressiveRegressor QuantileRegressor Ridge RidgeCV "
    "SGDRegressor TheilSenRegressor"
)
CLASSIFIERS = "LinearSVC PassiveAggressiveClassifier Perceptron RidgeClassifier RidgeClassifierCV"
LOGISTIC_CLASSIFIERS = "LinearDiscriminantAnalysis LogisticRegression LogisticRegressionCV"

CONVERTERS.update(
    {
        **dict.fromkeys(REGRESSORS.split(), _regressor),
        **dict.fromkeys(("GammaRegressor", "PoissonRegressor", "TweedieRegressor"), _generalized),
        **dict.fromkeys(CLASSIFIERS.split(), _classifier),
        **dict.fromkeys(LOGISTIC_CLASSIFIERS.split(), _logistic),
        "OneVsRestClassifier": _one_vs_rest,
        "SGDClassifier": _sgd_classifier,
    }
)
