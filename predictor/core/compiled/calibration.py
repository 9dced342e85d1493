"""Classifiers whose scores are made probabilities, or compared with a threshold, once more.

References
----------
scikit-learn's own `calibration`, and `model_selection._classification_threshold`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from predictor.core.compiled.compiled_estimator import (
    ANY,
    VALUES,
    Array,
    CompiledEstimator,
    FallbackRequired,
    given,
)
from predictor.core.compiled.linear import expit, of_two

# Numbers that add up to less are no longer exact.
LEAST = 1e-300


@dataclass
class Calibrated(CompiledEstimator):
    """A classifier whose scores became probabilities by a logistic function for each class.

    Parameters
    ----------
    part : CompiledEstimator
    method : {"decision_function", "predict_proba"}
        What gives the scores.
    slopes, intercepts : array of shape (1,) or (n_classes,)
        Of the logistic functions: of two classes the second has the only one.
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    part: CompiledEstimator
    method: str
    slopes: Array
    intercepts: Array

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities, shape (n_samples, n_classes).

        Raises
        ------
        FallbackRequired
            No class is at all likely.
        """
        scores: Array = getattr(self.part, self.method)(given(self.part, X))
        if self.method == "predict_proba" and scores.shape[1] == 2:  # noqa: PLR2004 - two classes
            scores = scores[:, 1]
        if scores.ndim == 1:
            return of_two(expit(scores * self.slopes + self.intercepts))
        each = expit(scores * self.slopes + self.intercepts)
        total = each.sum(axis=1, keepdims=True)
        if not total.min() > LEAST:
            raise FallbackRequired
        each /= total
        return each
