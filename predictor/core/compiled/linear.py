"""Linear models: one product, and the link behind it.

References
----------
scikit-learn's own `linear_model`, `svm` and `discriminant_analysis`, whose order of operations is
kept: the same rows in one call give the same bits where both call the same product.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    Array,
    CompiledEstimator,
    FallbackRequired,
    NotCompilable,
    Scored,
    labelled,
)

# How scores become probabilities.
LOGISTIC, ONE_AGAINST_REST, SOFTMAX, MODIFIED_HUBER = "logistic", "rest", "softmax", "huber"


@dataclass
class Linear(CompiledEstimator):
    """`X @ coef.T + intercept`.

    Parameters
    ----------
    coef : array of shape (n_features,) or (n_targets, n_features)
    intercept : float or array of shape (n_targets,)
    """

    coef: Array
    intercept: Any

    def __post_init__(self) -> None:
        self.weights = self.coef.T

    def predict(self, X: Array) -> Array:
        """Return the targets."""
        product: Array = X @ self.weights
        product += self.intercept
        return product


@dataclass
class Generalised(Linear):
    """A generalised linear model with the link log."""

    def predict(self, X: Array) -> Array:
        """Return the targets."""
        return np.exp(super().predict(X))


@dataclass
class LinearClassifier(Scored, Linear):
    """Scores that are linear, one for each class or one for two of them.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    link : str
        How scores become probabilities; empty where they do not.
    """

    classes: Array
    link: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.binary = self.coef.ndim == 1 or len(self.coef) == 1

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,) or (n_samples, n_classes)."""
        scores = Linear.predict(self, X)
        return scores.reshape(-1) if self.binary else scores

    def labels(self, scores: Array) -> Array:
        """Return the labels of scores."""
        if self.binary:
            return labelled(self.classes, (scores > 0).astype(np.intp))
        return labelled(self.classes, scores.argmax(axis=1))

    def probabilities(self, scores: Array) -> Array:
        """Return the probabilities of scores, which are overwritten."""
        if self.link == SOFTMAX:
            return softmax(scores)
        if self.binary:
            return of_two(expit(scores))
        return normalised(expit(scores))


@dataclass
class OneVsRest(LinearClassifier):
    """One binary linear classifier for each class, their coefficients stacked."""

    def probabilities(self, scores: Array) -> Array:
        """Return each score's logistic, normalised to a sum of 1."""
        if self.binary:
            return of_two(expit(scores))
        each = expit(scores)
        total = each.sum(axis=1, keepdims=True)
        np.divide(each, total, where=total != 0, out=each)
        return each


@dataclass
class Discriminant(LinearClassifier):
    """Linear discriminant analysis, which projects as well.

    Parameters
    ----------
    scalings : array of shape (n_features, n_components)
    mean : array of shape (n_features,), optional
    """

    scalings: Array | None = None
    mean: Array | None = None

    def transform(self, X: Array) -> Array:
        """Return the projected rows.

        Raises
        ------
        FallbackRequired
            The estimator does not project.
        """
        if self.scalings is None:
            raise FallbackRequired
        projected: Array = (X if self.mean is None else X - self.mean) @ self.scalings
        return projected


def expit(scores: Array) -> Array:
    """Return the logistic of scores, in their place."""
    np.negative(scores, out=scores)
    np.exp(scores, out=scores)
    scores += 1.0
    return np.reciprocal(scores, out=scores)


def softmax(scores: Array) -> Array:
    """Return the softmax of rows of scores, in their place."""
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def of_two(second: Array) -> Array:
    """Return the probabilities of two classes, given those of the second."""
    both = np.empty((len(second), 2))
    np.subtract(1.0, second, out=both[:, 0])
    both[:, 1] = second
    return both


def normalised(each: Array) -> Array:
    """Return probabilities of one class against the rest, made to sum to 1."""
    total = each.sum(axis=1, keepdims=True)
    if not total.all():
        nothing = total[:, 0] == 0
        each[nothing] = 1.0
        total[nothing] = each.shape[1]
    each /= total
    return each


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
