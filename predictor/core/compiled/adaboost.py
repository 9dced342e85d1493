"""Classifiers of any kind boosted by AdaBoost, which counts their votes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    Array,
    CompiledEstimator,
    FallbackRequired,
    Scored,
    given,
    labelled,
)
from predictor.core.compiled.linear import softmax
from predictor.core.compiled.tolerance import tied

# What tells how near two labels are, the first choice first: probabilities may be all but 1.
DECIDING = ("decision_function", "predict_proba")


@dataclass
class Voted(Scored, CompiledEstimator):
    """Classifiers boosted by AdaBoost: each one's label is a weighted vote.

    Those with scores are asked for these as well: where two classes tie for a label, it is left to
    the estimator. By a rounding a whole vote would be another one.

    Parameters
    ----------
    parts : list of CompiledEstimator
    weights : array of shape (n_parts,)
    classes : array of shape (n_classes,)
    """

    parts: list[CompiledEstimator]
    weights: Array
    classes: Array

    def __post_init__(self) -> None:
        self.scored = [next((m for m in DECIDING if hasattr(part, m)), "") for part in self.parts]

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,) or (n_samples, n_classes).

        Raises
        ------
        FallbackRequired
            Two classes tie for a vote.
        """
        others = len(self.classes) - 1
        total = np.zeros((len(X), len(self.classes)))
        each = zip(self.parts, self.scored, self.weights.tolist(), strict=True)
        for part, scored, weight in each:
            voted = decided(part, scored, given(part, X))[:, None] == self.classes
            total += np.where(voted, weight, -1 / others * weight)
        total /= self.weights.sum()
        return total[:, 1] - total[:, 0] if others == 1 else total

    def labels(self, scores: Array) -> Array:
        """Return the labels of scores."""
        two = scores.ndim == 1
        return labelled(
            self.classes, (scores > 0).astype(np.intp) if two else scores.argmax(axis=1)
        )

    def probabilities(self, scores: Array) -> Array:
        """Return the probabilities of scores."""
        if scores.ndim == 1:
            return softmax(np.column_stack([-scores, scores]) / 2)
        return softmax(scores / (len(self.classes) - 1))


def decided(part: CompiledEstimator, scored: str, X: Any) -> Array:
    """Return the labels of a classifier.

    Parameters
    ----------
    part : CompiledEstimator
    scored : str
        The method that gives the scores of its labels; empty where there is none.
    X : array or Table

    Raises
    ------
    FallbackRequired
        Two classes tie.
    """
    if not scored:
        labels: Array = part.predict(X)  # type: ignore[attr-defined]
        return labels
    said = part.run_methods(("predict", scored), X)
    if tied(said[scored]).any():
        raise FallbackRequired
    decisions: Array = said["predict"]
    return decisions
