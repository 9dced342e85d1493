"""Ensembles of any estimators: votes, averages, stacks, calibrated classifiers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    Array,
    CompiledEstimator,
    FallbackRequired,
    labels_at,
)
from predictor.core.compiled.linear import binary_probabilities, expit
from predictor.core.compiled.pipelines import Composition, call

# Probabilities with a smaller sum have lost digits.
MIN_TOTAL = 1e-300


@dataclass
class SoftVoting(Composition):
    """Classifiers that vote with their probabilities.

    Parameters
    ----------
    parts : list of CompiledEstimator
    weights : list of float, optional
    classes : array of shape (n_classes,)
    """

    parts: list[CompiledEstimator]
    weights: list[float] | None
    classes: Array

    def predict(self, X: Any) -> Array:
        """Return the labels, shape (n_samples,)."""
        return labels_at(self.classes, self.predict_proba(X).argmax(axis=1))

    def predict_proba(self, X: Any) -> Array:
        """Return the mean probabilities, shape (n_samples, n_classes)."""
        each = np.asarray([call(part, "predict_proba", X) for part in self.parts])
        mean: Array = np.average(each, axis=0, weights=self.weights)
        return mean


@dataclass
class MeanRegressor(Composition):
    """Regressors whose predictions are averaged.

    Parameters
    ----------
    parts : list of CompiledEstimator
    weights : list of float, optional
    """

    parts: list[CompiledEstimator]
    weights: list[float] | None

    def transform(self, X: Any) -> Array:
        """Return the predictions of each regressor, shape (n_samples, n_parts)."""
        return np.asarray([call(part, "predict", X) for part in self.parts]).T

    def predict(self, X: Any) -> Array:
        """Return the mean predictions, shape (n_samples,)."""
        mean: Array = np.average(self.transform(X), axis=1, weights=self.weights)
        return mean


@dataclass
class StackedPredictions(Composition):
    """Predictions of several estimators, side by side.

    Parameters
    ----------
    parts : list of CompiledEstimator
    methods : list of str
        Method of each estimator.
    skipped : list of int
        Number of first columns to leave out of each estimator's result.
    """

    parts: list[CompiledEstimator]
    methods: list[str]
    skipped: list[int]

    def transform(self, X: Any) -> Array:
        """Return the predictions, shape (n_samples, n_columns)."""
        blocks = []
        for part, method, skipped in zip(self.parts, self.methods, self.skipped, strict=True):
            result = call(part, method, X)
            blocks.append(result.reshape(-1, 1) if result.ndim == 1 else result[:, skipped:])
        return np.concatenate(blocks, axis=1)


@dataclass
class SigmoidCalibration(Composition):
    """Classifier whose scores become probabilities by a logistic function for each class.

    Parameters
    ----------
    part : CompiledEstimator
    method : {"decision_function", "predict_proba"}
        Method that returns the scores.
    slopes, intercepts : array of shape (1,) or (n_classes,)
        Coefficients of the logistic functions: for two classes, of the second class.
    """

    part: CompiledEstimator
    method: str
    slopes: Array
    intercepts: Array

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities, shape (n_samples, n_classes).

        Raises
        ------
        FallbackRequired
            The probabilities of a row are too small to be normalised.
        """
        scores = call(self.part, self.method, X)
        if scores.ndim > 1 and len(self.slopes) == 1:
            scores = scores[:, 1]
        each: Array = expit(scores * self.slopes + self.intercepts)
        if each.ndim == 1:
            return binary_probabilities(each)
        total = each.sum(axis=1, keepdims=True)
        if not total.min() > MIN_TOTAL:
            raise FallbackRequired
        each /= total
        return each
