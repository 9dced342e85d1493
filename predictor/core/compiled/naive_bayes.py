"""Classifiers of Bayes' rule: naive Bayes, and quadratic discriminant analysis."""

from dataclasses import dataclass

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    Array,
    CompiledEstimator,
    FallbackRequired,
    labelled,
)


@dataclass
class Bayes(CompiledEstimator):
    """A classifier by the joint log-likelihood of a row and each class.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    """

    classes: Array

    def joint(self, X: Array) -> Array:
        """Return the joint log-likelihoods, shape (n_samples, n_classes)."""
        raise NotImplementedError

    def predict(self, X: Array) -> Array:
        """Return the labels."""
        return labelled(self.classes, self.joint(X).argmax(axis=1))

    def predict_proba(self, X: Array) -> Array:
        """Return the probabilities, shape (n_samples, n_classes)."""
        joint = self.joint(X)
        joint -= joint.max(axis=1, keepdims=True)
        joint -= np.log(np.exp(joint).sum(axis=1, keepdims=True))
        return np.exp(joint, out=joint)


@dataclass
class Gaussian(Bayes):
    """Gaussian naive Bayes.

    Parameters
    ----------
    means, variances : array of shape (n_classes, n_features)
    constants : array of shape (n_classes,)
        The part of the log-likelihood that no row changes, without the priors.
    log_priors : array of shape (n_classes,)
    """

    means: Array
    variances: Array
    constants: Array
    log_priors: Array

    def joint(self, X: Array) -> Array:
        """Return the joint log-likelihoods."""
        apart = X[:, None, :] - self.means
        np.square(apart, out=apart)
        apart /= self.variances
        joint: Array = self.log_priors + (self.constants - 0.5 * apart.sum(axis=2))
        return joint


@dataclass
class Counts(Bayes):
    """Naive Bayes over counts or indicators: a product, and a constant for each class.

    Parameters
    ----------
    weights : array of shape (n_features, n_classes)
    constants : array of shape (n_classes,)
    binarize : float, optional
        Above it a value is 1, else 0.
    negative : bool
        Whether numbers below zero are taken.
    """

    weights: Array
    constants: Array
    binarize: float | None = None
    negative: bool = False

    def joint(self, X: Array) -> Array:
        """Return the joint log-likelihoods."""
        if not self.negative and X.min() < 0:
            raise FallbackRequired
        if self.binarize is not None:
            X = (X > self.binarize).astype(np.float64)
        joint: Array = X @ self.weights
        joint += self.constants
        return joint
