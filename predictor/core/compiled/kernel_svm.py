"""Support vector machines: what they make of sums of kernels.

References
----------
scikit-learn's own `svm`, and `_ovr_decision_function` in its `utils.multiclass`.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, labelled
from predictor.core.compiled.kernel_sums import Machine, Sums, equal
from predictor.core.compiled.rounding import DOUBLE


@dataclass
class VectorRegressor(Machine):
    """A sum that is the target."""

    made: ClassVar[dict[str, str]] = {"predict": "targets"}

    def predict(self, X: Array) -> Array:
        """Return the targets."""
        return self.answer("predict", X)

    def targets(self, sums: Sums) -> tuple[Array, Array]:
        """Return the targets, and of which rows they are sure."""
        return sums.values[:, 0], sums.equal()


@dataclass
class VectorClassifier(Machine):
    """The vote of sums that are for the first of two classes where they are positive.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    """

    made: ClassVar[dict[str, str]] = {"predict": "labels", "decision_function": "scores"}

    classes: Array

    def __post_init__(self) -> None:
        super().__post_init__()
        self.several = len(self.parts) > 1
        every = np.eye(len(self.parts))
        # What a pair gives to its first class, and takes from its second one.
        self.shares = every[self.first] - every[self.second]
        self.votes_of_second = every[self.second].sum(axis=0)

    def predict(self, X: Array) -> Array:
        """Return the labels."""
        return self.answer("predict", X)

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,) or (n_samples, n_classes)."""
        return self.answer("decision_function", X)

    def labels(self, sums: Sums) -> tuple[Array, Array]:
        """Return the labels of sums, and of which rows they are sure."""
        sure = sums.signed()
        if not self.several:
            return labelled(self.classes, sums.values[:, 0] <= 0), sure
        return labelled(self.classes, self.votes(sums.values).argmax(axis=1)), sure

    def scores(self, sums: Sums) -> tuple[Array, Array]:
        """Return the scores, and of which rows they are sure."""
        if not self.several:
            return -sums.values[:, 0], sums.equal()
        scores, errors = self.of_classes(sums.values, sums.doubts)
        return scores, equal(scores, errors) & sums.signed()

    def votes(self, sums: Array) -> Array:
        """Return the votes for each class, shape (n_samples, n_classes)."""
        votes: Array = (sums > 0) @ self.shares
        votes += self.votes_of_second
        return votes

    def of_classes(self, sums: Array, doubts: Array) -> tuple[Array, Array]:
        """Return the scores of several classes, and how far they may be off.

        Both have the shape (n_samples, n_classes). A score is the votes, and less than a third that
        the sums tell.
        """
        told = sums @ self.shares
        off = (doubts + len(self.classes) * DOUBLE * np.abs(sums)) @ np.abs(self.shares)
        least = 1 + np.maximum(np.abs(told) - off, 0)
        scores = self.votes(sums) + told / (3 * (np.abs(told) + 1))
        return scores, off / (3 * least * least) + DOUBLE * np.abs(scores)
