"""Ensembles of any estimators: bagged, stacked."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    ANY,
    VALUES,
    Array,
    CompiledEstimator,
    given,
    labelled,
    select,
)


@dataclass
class Bagged(CompiledEstimator):
    """Regressors, each with its own columns, averaged.

    Parameters
    ----------
    parts : list of CompiledEstimator
    positions : list of array of int
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    parts: list[CompiledEstimator]
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
class Stacked(CompiledEstimator):
    """What several estimators say, side by side.

    Parameters
    ----------
    parts : list of CompiledEstimator
    methods : list of str
        What each is asked.
    skipped : list of int
        How many of each one's columns are left out, counted from the first.
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    parts: list[CompiledEstimator]
    methods: list[str]
    skipped: list[int]

    def transform(self, X: Any) -> Array:
        """Return the answers, shape (n_samples, n_answers)."""
        blocks = []
        for part, method, skipped in zip(self.parts, self.methods, self.skipped, strict=True):
            said = getattr(part, method)(given(part, X))
            blocks.append(said.reshape(-1, 1) if said.ndim == 1 else said[:, skipped:])
        return np.concatenate(blocks, axis=1)
