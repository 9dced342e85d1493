"""Convert fitted linear models."""

from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiled.linear import (
    LOGISTIC,
    SOFTMAX,
    Discriminant,
    Generalised,
    Linear,
    LinearClassifier,
    OneVsRest,
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


def discriminant(estimator: Any) -> Discriminant:
    """Return the form of a linear discriminant analysis."""
    link = SOFTMAX if len(estimator.classes_) > 2 else LOGISTIC  # noqa: PLR2004 - one score is of two
    form = Discriminant(estimator.coef_, estimator.intercept_, estimator.classes_, link)
    if estimator.solver != "lsqr":
        form.scalings = estimator.scalings_[:, : estimator._max_components]  # noqa: SLF001 - as its own transform
        form.mean = estimator.xbar_ if estimator.solver == "svd" else None
    return form


def one_vs_rest(estimator: Any) -> OneVsRest:
    """Return the form of one linear classifier for each class."""
    each = estimator.estimators_
    kinds = {type(one) for one in each}
    if estimator.label_binarizer_.y_type_ != "multiclass" or len(each) < 3 or len(kinds) > 1:  # noqa: PLR2004
        raise NotCompilable("One against the rest is compiled for several classes alone.")
    forms = [BINARY[type(one).__name__](one) for one in each if type(one).__name__ in BINARY]
    if len(forms) < len(each):
        raise NotCompilable(f"{kinds.pop().__name__}, one against the rest, is not compiled.")
    return OneVsRest(
        np.vstack([form.coef for form in forms]),
        np.hstack([form.intercept for form in forms]),
        estimator.classes_,
        LOGISTIC if forms[0].link else "",
    )


BINARY = {
    "LogisticRegression": logistic,
    "SGDClassifier": descent,
    "LinearSVC": classifier,
    "RidgeClassifier": classifier,
    "Perceptron": classifier,
}


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
    "LinearDiscriminantAnalysis": discriminant,
    "OneVsRestClassifier": one_vs_rest,
}
