"""Naive Bayes classifiers."""

from dataclasses import dataclass

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    Array,
    CompiledEstimator,
    FallbackRequired,
    labels_at,
)


@dataclass
class BayesClassifier(CompiledEstimator):
    """Classifier by the joint log-likelihood of a row and each class.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    """

    classes: Array

    def joint_log_likelihood(self, X: Array) -> Array:
        """Return the joint log-likelihoods, shape (n_samples, n_classes)."""
        raise NotImplementedError

    def predict(self, X: Array) -> Array:
        """Return the labels, shape (n_samples,)."""
        return labels_at(self.classes, self.joint_log_likelihood(X).argmax(axis=1))

    def predict_proba(self, X: Array) -> Array:
        """Return the probabilities, shape (n_samples, n_classes)."""
        joint = self.joint_log_likelihood(X)
        joint -= joint.max(axis=1, keepdims=True)
        joint -= np.log(np.exp(joint).sum(axis=1, keepdims=True))
        return np.exp(joint, out=joint)


@dataclass
class GaussianBayes(BayesClassifier):
    """Gaussian naive Bayes.

    Parameters
    ----------
    means, variances : array of shape (n_classes, n_features)
    constants : array of shape (n_classes,)
        Part of the log-likelihood that does not depend on the row.
    log_priors : array of shape (n_classes,)
    """

    means: Array
    variances: Array
    constants: Array
    log_priors: Array

    def joint_log_likelihood(self, X: Array) -> Array:
        """Return the joint log-likelihoods, shape (n_samples, n_classes)."""
        distances = X[:, None, :] - self.means
        np.square(distances, out=distances)
        distances /= self.variances
        joint: Array = self.log_priors + (self.constants - 0.5 * distances.sum(axis=2))
        return joint


@dataclass
class DiscreteBayes(BayesClassifier):
    """Naive Bayes over counts or indicators.

    Parameters
    ----------
    weights : array of shape (n_features, n_classes)
    constants : array of shape (n_classes,)
    threshold : float, optional
        Values become 1 above the threshold, else 0.
    accepts_negative : bool
    """

    weights: Array
    constants: Array
    threshold: float | None = None
    accepts_negative: bool = False

    def joint_log_likelihood(self, X: Array) -> Array:
        """Return the joint log-likelihoods, shape (n_samples, n_classes).

        Raises
        ------
        FallbackRequired
            The estimator rejects a negative value.
        """
        if not self.accepts_negative and X.min() < 0:
            raise FallbackRequired
        if self.threshold is not None:
            X = (X > self.threshold).astype(np.float64)
        joint: Array = X @ self.weights
        joint += self.constants
        return joint
