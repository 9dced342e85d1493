"""Ensembles of any estimators: bagged, boosted by their votes, stacked."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from predictor.core.engines.forms.form import (
    ANY,
    VALUES,
    Array,
    Form,
    Scored,
    given,
    labelled,
    select,
)
from predictor.core.engines.forms.linear import softmax


@dataclass
class Bagged(Form):
    """Regressors, each with its own columns, averaged.

    Parameters
    ----------
    parts : list of Form
    positions : list of array of int
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    parts: list[Form]
    positions: list[Array]

    def predict(self, X: Any) -> Array:
        """Return the averages."""
        return self.mean("predict", X)

    def mean(self, method: str, X: Any) -> Array:
        """Return the average of what a method of each part gives."""
        total: Any = 0.0
        for part, positions in zip(self.parts, self.positions, strict=True):
            total = total + getattr(part, method)(given(part, select(X, positions)))
        averaged: Array = total / len(self.parts)
        return averaged


@dataclass
class BaggedClassifier(Bagged):
    """Classifiers, each with its own columns, whose probabilities are averaged.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    """

    classes: Array

    def predict(self, X: Any) -> Array:
        """Return the labels."""
        return labelled(self.classes, self.predict_proba(X).argmax(axis=1))

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities, shape (n_samples, n_classes)."""
        return self.mean("predict_proba", X)


@dataclass
class Voted(Scored, Form):
    """Classifiers boosted by AdaBoost: each one's label is a weighted vote.

    Parameters
    ----------
    parts : list of Form
    weights : array of shape (n_parts,)
    classes : array of shape (n_classes,)
    """

    parts: list[Form]
    weights: Array
    classes: Array

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,) or (n_samples, n_classes)."""
        others = len(self.classes) - 1
        total = np.zeros((len(X), len(self.classes)))
        for part, weight in zip(self.parts, self.weights.tolist(), strict=True):
            voted = part.predict(given(part, X))[:, None] == self.classes  # type: ignore[attr-defined]
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


@dataclass
class Stacked(Form):
    """What several estimators say, side by side.

    Parameters
    ----------
    parts : list of Form
    methods : list of str
        What each is asked.
    skipped : list of int
        How many of each one's columns are left out, counted from the first.
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    parts: list[Form]
    methods: list[str]
    skipped: list[int]

    def transform(self, X: Any) -> Array:
        """Return the answers, shape (n_samples, n_answers)."""
        blocks = []
        for part, method, skipped in zip(self.parts, self.methods, self.skipped, strict=True):
            said = getattr(part, method)(given(part, X))
            blocks.append(said.reshape(-1, 1) if said.ndim == 1 else said[:, skipped:])
        return np.concatenate(blocks, axis=1)
