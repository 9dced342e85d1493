"""Classifiers whose scores are made probabilities, or compared with a threshold, once more.

References
----------
scikit-learn's own `calibration`, and `model_selection._classification_threshold`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    ANY,
    VALUES,
    Array,
    CompiledEstimator,
    FallbackRequired,
    given,
    labelled,
)
from predictor.core.compiled.linear import expit, of_two
from predictor.core.compiled.tolerance import ATOL, RTOL

# Numbers that add up to less are no longer exact.
LEAST = 1e-300


@dataclass
class Rescored(CompiledEstimator):
    """A classifier whose scores are not its last word.

    Parameters
    ----------
    part : CompiledEstimator
    method : {"decision_function", "predict_proba"}
        What gives the scores.
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    part: CompiledEstimator
    method: str

    def scores(self, X: Any) -> Array:
        """Return the scores, shape (n_samples,) for the second of two classes, or of each class."""
        scores: Array = getattr(self.part, self.method)(given(self.part, X))
        two = self.method == "predict_proba" and scores.shape[1] == 2  # noqa: PLR2004 - the other one is the rest
        return scores[:, 1] if two else scores


@dataclass
class Calibrated(Rescored):
    """A classifier whose scores became probabilities by a logistic function for each class.

    Parameters
    ----------
    slopes, intercepts : array of shape (1,) or (n_classes,)
        Of the logistic functions: of two classes the second has the only one.
    """

    slopes: Array
    intercepts: Array

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities, shape (n_samples, n_classes).

        Raises
        ------
        FallbackRequired
            No class is at all likely.
        """
        scores = self.scores(X)
        if scores.ndim == 1:
            return of_two(expit(scores * self.slopes + self.intercepts))
        each = expit(scores[:, : len(self.slopes)] * self.slopes + self.intercepts)
        total = each.sum(axis=1, keepdims=True)
        if not total.min() > LEAST:
            raise FallbackRequired
        each /= total
        return each


@dataclass
class Thresholded(Rescored):
    """A classifier of two classes, of which a threshold of the score decides.

    Parameters
    ----------
    threshold : float
        What the score of the second label reaches.
    labels : array of shape (2,)
    swapped : bool
        Whether the labels are not in the order of the classes.
    """

    threshold: float
    labels: Array
    swapped: bool

    def predict(self, X: Any) -> Array:
        """Return the labels.

        Raises
        ------
        FallbackRequired
            A score is as near to the threshold as numbers can tell.
        """
        scores = self.scores(X)
        if self.swapped:
            scores = 1.0 - scores if self.method == "predict_proba" else -scores
        apart = scores - self.threshold
        if not np.abs(apart).min() > ATOL + RTOL * abs(self.threshold):
            raise FallbackRequired
        return labelled(self.labels, (apart > 0).astype(np.intp))

    def predict_proba(self, X: Any) -> Array:
        """Return the classifier's own probabilities, shape (n_samples, 2)."""
        probabilities: Array = self.part.predict_proba(given(self.part, X))  # type: ignore[attr-defined]
        return probabilities

    def decision_function(self, X: Any) -> Array:
        """Return the classifier's own scores, shape (n_samples,)."""
        scores: Array = self.part.decision_function(given(self.part, X))  # type: ignore[attr-defined]
        return scores
