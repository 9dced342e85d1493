"""Ensembles of trees, run by ONNX Runtime.

References
----------
`sklearn.ensemble` and `sklearn.tree`, which round rows to float32 before they compare them.
Histogram boosting compares doubles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    ANY,
    ONNX,
    Array,
    CompiledEstimator,
    FallbackRequired,
    Scored,
    finite,
    labelled,
    labelled_each,
)
from predictor.core.compiled.linear import expit, of_two, softmax
from predictor.core.compiled.onnx_trees import ROWS, SUMS
from predictor.core.onnx_runtime import session

# What trees are compared with: rows as they are, or rounded to float32.
DOUBLE, SINGLE = "float64", "float32"


@dataclass
class Trees(CompiledEstimator):
    """Sums or means of leaves.

    Parameters
    ----------
    model : array of uint8
        The trees as ONNX; they give sums.
    averaged : int
        What the sums are divided by.
    spread : array of shape (n_sums, n_targets * most_classes)
        What each sum adds to each output.
    base : array of shape (n_targets, most_classes)
        The outputs where all sums are 0.
    n_features : int
    precision : {"float32", "float64"}
    missing : bool
        Whether missing values are taken.
    """

    takes: ClassVar[str] = ANY

    model: Array
    averaged: int
    spread: Array
    base: Array
    n_features: int
    precision: str
    missing: bool

    def __post_init__(self) -> None:
        self.session = session(self.model.tobytes())
        self.direct = np.array_equal(self.spread, np.eye(self.base.size))

    @property
    def runs_on(self) -> str:
        """The name of what runs it, on the card."""
        return ONNX

    def leaves(self, X: Array) -> Array:
        """Return the outputs, shape (n_samples, n_targets, most_classes)."""
        if X.shape[1] != self.n_features:
            raise FallbackRequired
        if self.precision == SINGLE:
            single = X.astype(np.float32)
            if not finite(single) and (not self.missing or np.isinf(single).any()):
                raise FallbackRequired
            X = single.astype(np.float64)
        (sums,) = self.session.run((SUMS,), {ROWS: X})
        if self.averaged > 1:
            sums /= self.averaged
        outputs: Array = sums if self.direct else sums @ self.spread
        outputs = outputs.reshape(-1, *self.base.shape)
        outputs += self.base
        return outputs


@dataclass
class Forest(Trees):
    """A forest, or a tree, that gives numbers."""

    def predict(self, X: Array) -> Array:
        """Return the targets, shape (n_samples,) or (n_samples, n_outputs)."""
        leaves = self.leaves(X)[:, :, 0]
        return leaves[:, 0] if leaves.shape[1] == 1 else leaves


@dataclass
class Boosted(Trees):
    """Gradient boosting that gives numbers.

    Parameters
    ----------
    exponential : bool
        Whether the link is the logarithm.
    """

    exponential: bool = False

    def predict(self, X: Array) -> Array:
        """Return the targets."""
        targets = self.leaves(X)[:, 0, 0]
        return np.exp(targets) if self.exponential else targets


@dataclass
class ForestClassifier(Trees):
    """A forest, or a tree, that gives labels.

    Parameters
    ----------
    classes : list of array of shape (n_classes,)
        For each output.
    """

    classes: list[Array]

    def leaves(self, X: Array) -> Array:
        """Return the probabilities, none of them below 0 by a rounding."""
        return np.maximum(super().leaves(X), 0.0)

    def run_methods(self, methods: Sequence[str], X: Array) -> dict[str, Any]:
        """Return labels and probabilities of the same leaves."""
        leaves = self.leaves(X)
        return {method: getattr(self, f"{method}_of")(leaves) for method in methods}

    def predict(self, X: Array) -> Array:
        """Return the labels, shape (n_samples,) or (n_samples, n_outputs)."""
        return self.predict_of(self.leaves(X))

    def predict_proba(self, X: Array) -> Any:
        """Return the probabilities; for several outputs a list of those."""
        return self.predict_proba_of(self.leaves(X))

    def predict_of(self, leaves: Array) -> Array:
        """Return the labels of leaves."""
        each = [leaves[:, n, : len(classes)] for n, classes in enumerate(self.classes)]
        return labelled_each(self.classes, [output.argmax(axis=1) for output in each])

    def predict_proba_of(self, leaves: Array) -> Any:
        """Return the probabilities of leaves."""
        each = [leaves[:, n, : len(classes)] for n, classes in enumerate(self.classes)]
        return each[0] if len(each) == 1 else each


@dataclass
class BoostedClassifier(Scored, Trees):
    """Gradient boosting that gives labels.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    zero : bool
        Whether a score of zero is of the second of two classes.
    factor : float
        What a score is multiplied by before its logistic.
    """

    classes: Array
    zero: bool = False
    factor: float = 1.0

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,) or (n_samples, n_classes)."""
        leaves = self.leaves(X)[:, 0]
        return leaves[:, 0] if leaves.shape[1] == 1 else leaves

    def labels(self, scores: Array) -> Array:
        """Return the labels of scores."""
        if scores.ndim > 1:
            return labelled(self.classes, scores.argmax(axis=1))
        return labelled(self.classes, (scores >= 0 if self.zero else scores > 0).astype(np.intp))

    def probabilities(self, scores: Array) -> Array:
        """Return the probabilities of scores, which are overwritten."""
        return softmax(scores) if scores.ndim > 1 else of_two(expit(scores * self.factor))


@dataclass
class Isolation(Trees):
    """An isolation forest.

    Parameters
    ----------
    depth : float
        How deep a tree of so many samples is on average.
    offset : float
    """

    depth: float
    offset: float

    def score_samples(self, X: Array) -> Array:
        """Return the scores: the lower, the more abnormal."""
        depths = self.leaves(X)[:, 0, 0]
        scores: Array = -(2.0 ** (-depths / self.depth))
        return scores

    def decision_function(self, X: Array) -> Array:
        """Return the scores: below zero is abnormal."""
        return self.score_samples(X) - self.offset

    def predict(self, X: Array) -> Array:
        """Return 1, and -1 for what is abnormal."""
        return np.where(self.decision_function(X) < 0, -1, 1)
