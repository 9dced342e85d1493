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
