"""Linear models: a product of the rows and the coefficients, and functions of it.

References
----------
The order of operations is that of `linear_model`, `svm` and `discriminant_analysis` in
scikit-learn: where both call the same product, results are equal bit by bit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    Array,
    CompiledEstimator,
    FallbackRequired,
    ScoreClassifier,
    labels_at,
)

# Functions from scores to probabilities.
LOGISTIC, ONE_VS_REST, SOFTMAX = "logistic", "one vs rest", "softmax"


@dataclass
class LinearRegressor(CompiledEstimator):
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
        """Return the targets, shape (n_samples,) or (n_samples, n_targets)."""
        product: Array = X @ self.weights
        product += self.intercept
        return product


@dataclass
class LogLinkRegressor(LinearRegressor):
    """Generalised linear model with a logarithmic link."""

    def predict(self, X: Array) -> Array:
        """Return the targets, shape (n_samples,)."""
        return np.exp(super().predict(X))


@dataclass
class LinearClassifier(ScoreClassifier, LinearRegressor):
    """Classifier with linear scores: one for two classes, or one for each class.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    link : {"", "logistic", "one vs rest", "softmax"}
        Function from scores to probabilities; empty if the estimator has none.
    """

    classes: Array
    link: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.is_binary = self.coef.ndim == 1 or len(self.coef) == 1

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,) or (n_samples, n_classes)."""
        scores = LinearRegressor.predict(self, X)
        return scores.reshape(-1) if self.is_binary else scores

    def labels(self, scores: Array) -> Array:
        """Return the labels of scores."""
        if self.is_binary:
            return labels_at(self.classes, (scores > 0).astype(np.intp))
        return labels_at(self.classes, scores.argmax(axis=1))

    def probabilities(self, scores: Array) -> Array:
        """Return the probabilities of scores, which are overwritten.

        Raises
        ------
        FallbackRequired
            All probabilities of a row are zero before they are normalised.
        """
        if self.link == SOFTMAX:
            return softmax(scores)
        if self.is_binary:
            return binary_probabilities(expit(scores))
        each = expit(scores)
        if self.link == ONE_VS_REST and not each.any(axis=1).all():
            raise FallbackRequired
        return normalize_rows(each)


def expit(scores: Array) -> Array:
    """Return the logistic function of scores, in place."""
    np.negative(scores, out=scores)
    np.exp(scores, out=scores)
    scores += 1.0
    return np.reciprocal(scores, out=scores)


def softmax(scores: Array) -> Array:
    """Return the softmax of each row of scores, in place."""
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def binary_probabilities(second: Array) -> Array:
    """Return the probabilities of two classes from those of the second, shape (n_samples, 2)."""
    both = np.empty((len(second), 2))
    np.subtract(1.0, second, out=both[:, 0])
    both[:, 1] = second
    return both


def normalize_rows(each: Array) -> Array:
    """Return one-vs-rest probabilities divided by the sum of their row, in place.

    Rows of zeros become uniform, as in `SGDClassifier`.
    """
    total = each.sum(axis=1, keepdims=True)
    if not total.all():
        is_zero = total[:, 0] == 0
        each[is_zero] = 1.0
        total[is_zero] = each.shape[1]
    each /= total
    return each
