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
class OneClass(Machine):
    """A sum that is positive for what is like the rest."""

    made: ClassVar[dict[str, str]] = {
        "predict": "labels",
        "decision_function": "scores",
        "score_samples": "unshifted",
    }

    def predict(self, X: Array) -> Array:
        """Return 1 for what is like the rest, -1 for outliers."""
        return self.answer("predict", X)

    def decision_function(self, X: Array) -> Array:
        """Return the scores less the offset."""
        return self.answer("decision_function", X)

    def score_samples(self, X: Array) -> Array:
        """Return the scores: the higher the more like the rest."""
        return self.answer("score_samples", X)

    def labels(self, sums: Sums) -> tuple[Array, Array]:
        """Return the labels of sums, and of which rows they are sure."""
        labels = np.where(sums.values[:, 0] > 0, 1, -1).astype(np.intp, copy=False)
        return labels, sums.signed()

    def scores(self, sums: Sums) -> tuple[Array, Array]:
        """Return the scores less the offset, and of which rows they are sure."""
        return sums.values[:, 0], sums.equal()

    def unshifted(self, sums: Sums) -> tuple[Array, Array]:
        """Return the scores, and of which rows they are sure."""
        scores = sums.values - self.intercepts
        return scores[:, 0], equal(scores, sums.doubts + DOUBLE * np.abs(sums.values))


@dataclass
class VectorClassifier(Machine):
    """The vote of sums that are for the first of two classes where they are positive.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    rest : bool
        Whether there is a score for each of several classes, or for each pair of them.
    break_ties : bool
        Whether the scores tell which of several classes with as many votes it is.
    """

    made: ClassVar[dict[str, str]] = {"predict": "labels", "decision_function": "scores"}

    classes: Array
    rest: bool
    break_ties: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        self.several = len(self.parts) > 1
        if self.several and not self.rest:  # each sum is told, and has a bound of its own
            self.sizes = np.abs(self.weights)
        every = np.eye(len(self.parts))
        # What a pair gives to its first class, and takes from its second one.
        self.shares = every[self.first] - every[self.second]
        self.votes_of_second = every[self.second].sum(axis=0)

    def predict(self, X: Array) -> Array:
        """Return the labels."""
        return self.answer("predict", X)

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,), (n_samples, n_classes) or (n_samples, n_pairs)."""
        return self.answer("decision_function", X)

    def labels(self, sums: Sums) -> tuple[Array, Array]:
        """Return the labels of sums, and of which rows they are sure."""
        sure = sums.signed()
        if not self.several:
            return labelled(self.classes, sums.values[:, 0] <= 0), sure
        if not self.break_ties:
            return labelled(self.classes, self.votes(sums.values).argmax(axis=1)), sure
        scores, errors = self.of_classes(sums.values, sums.most)
        second, first = np.partition(scores, -2, axis=1)[:, -2:].T
        sure &= first - second > 2 * errors.max(axis=1)
        return labelled(self.classes, scores.argmax(axis=1)), sure

    def scores(self, sums: Sums) -> tuple[Array, Array]:
        """Return the scores, and of which rows they are sure."""
        if not self.several:
            return -sums.values[:, 0], sums.equal()
        if not self.rest:
            return sums.values, sums.equal()
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
