"""Support vector machines: labels and numbers from sums of kernels.

References
----------
`sklearn.svm`, and `_ovr_decision_function` of `sklearn.utils.multiclass`.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, labels_at
from predictor.core.compiled.kernel_sums import KernelMachine, KernelSums, are_equal
from predictor.core.compiled.rounding import DOUBLE


@dataclass
class SVMRegressor(KernelMachine):
    """Support vector regressor: the sum is the target."""

    results: ClassVar[dict[str, str]] = {"predict": "targets"}

    def targets(self, sums: KernelSums) -> tuple[Array, Array]:
        """Return the targets, and the rows that are sure; both of shape (n_samples,)."""
        return sums.values[:, 0], sums.are_equal()


@dataclass
class SVMClassifier(KernelMachine):
    """Support vector classifier: a positive sum is a vote for the first class of a pair.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    """

    results: ClassVar[dict[str, str]] = {"predict": "labels", "decision_function": "scores"}

    classes: Array

    def __post_init__(self) -> None:
        super().__post_init__()
        self.is_binary = len(self.slices) == 1
        every = np.eye(len(self.slices))
        # Each pair adds to its first class and subtracts from its second class.
        self.shares = every[self.first] - every[self.second]
        self.second_votes = every[self.second].sum(axis=0)

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,) or (n_samples, n_classes)."""
        scores: Array = self.run_methods(["decision_function"], X)["decision_function"]
        return scores

    def labels(self, sums: KernelSums) -> tuple[Array, Array]:
        """Return the labels, and the rows that are sure; both of shape (n_samples,)."""
        is_sure = sums.have_sure_signs()
        if self.is_binary:
            return labels_at(self.classes, sums.values[:, 0] <= 0), is_sure
        return labels_at(self.classes, self._votes(sums.values).argmax(axis=1)), is_sure

    def scores(self, sums: KernelSums) -> tuple[Array, Array]:
        """Return the scores, and the rows that are sure.

        For several classes, a score is the number of votes plus less than a third, which grows with
        the sums.
        """
        if self.is_binary:
            return -sums.values[:, 0], sums.are_equal()
        totals = sums.values @ self.shares
        roundings = len(self.classes) * DOUBLE * np.abs(sums.values)
        errors = (sums.errors + roundings) @ np.abs(self.shares)
        smallest = 1 + np.maximum(np.abs(totals) - errors, 0)
        scores = self._votes(sums.values) + totals / (3 * (np.abs(totals) + 1))
        score_errors = errors / (3 * smallest * smallest) + DOUBLE * np.abs(scores)
        return scores, are_equal(scores, score_errors) & sums.have_sure_signs()

    def _votes(self, sums: Array) -> Array:
        """Return the votes for each class, shape (n_samples, n_classes)."""
        votes: Array = (sums > 0) @ self.shares
        votes += self.second_votes
        return votes
