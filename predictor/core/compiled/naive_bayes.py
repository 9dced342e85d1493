"""Gaussian naive Bayes."""

from dataclasses import dataclass

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, CompiledEstimator, labels_at


@dataclass
class GaussianBayes(CompiledEstimator):
    """Gaussian naive Bayes.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    means, variances : array of shape (n_classes, n_features)
    constants : array of shape (n_classes,)
        Part of the log-likelihood that does not depend on the row.
    log_priors : array of shape (n_classes,)
    """

    classes: Array
    means: Array
    variances: Array
    constants: Array
    log_priors: Array

    @property
    def row_size(self) -> int:
        """Bound of the number of values that a single row needs at once."""
        return self.means.size + self.variances.size + 4 * self.classes.size

    def predict(self, X: Array) -> Array:
        """Return the labels, shape (n_samples,)."""
        return labels_at(self.classes, self._joint_log_likelihood(X).argmax(axis=1))

    def predict_proba(self, X: Array) -> Array:
        """Return the probabilities, shape (n_samples, n_classes)."""
        joint = self._joint_log_likelihood(X)
        joint -= joint.max(axis=1, keepdims=True)
        joint -= np.log(np.exp(joint).sum(axis=1, keepdims=True))
        return np.exp(joint, out=joint)

    def _joint_log_likelihood(self, X: Array) -> Array:
        distances = X[:, None, :] - self.means
        np.square(distances, out=distances)
        distances /= self.variances
        joint: Array = self.log_priors + (self.constants - 0.5 * distances.sum(axis=2))
        return joint
