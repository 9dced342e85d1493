"""Boosting that adds its trees in float32, as XGBoost does.

The order of a float32 sum changes its last digits. Therefore ONNX Runtime returns the leaf of each
tree, and NumPy adds the leaves in the order of the trees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import Array
from predictor.core.compiled.trees import TreeEnsemble

HALF = 0.5

# XGBoost's logistic function is constant below this margin.
LOWEST_MARGIN = np.float32(-88.7)


@dataclass
class Float32Boosting(TreeEnsemble):
    """Sums of leaves in float32. The ensemble has a sum for each tree; `spread` adds the sums."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.starts = self.base.ravel().astype(np.float32)
        self.trees = [np.flatnonzero(column) for column in self.spread.T]

    def outputs(self, X: Array) -> Array:
        """Return the margins, shape (n_samples, n_outputs), float32."""
        leaves = self.run_trees(X).astype(np.float32)
        margins = np.empty((len(leaves), len(self.trees)), dtype=np.float32)
        for output, trees in enumerate(self.trees):
            addends = np.empty((len(leaves), len(trees) + 1), dtype=np.float32)
            addends[:, 0] = self.starts[output]
            addends[:, 1:] = leaves[:, trees]
            # Unlike a sum, it adds one number after the other.
            margins[:, output] = np.add.accumulate(addends, axis=1)[:, -1]
        return margins


@dataclass
class Float32Regressor(Float32Boosting):
    """Regressor whose predictions are the margins."""

    def predict(self, X: Array) -> Array:
        """Return the targets, shape (n_samples,) or (n_samples, n_outputs), float32."""
        margins = self.outputs(X)
        return margins[:, 0] if margins.shape[1] == 1 else margins


@dataclass
class Float32LogisticClassifier(Float32Boosting):
    """Classifier of the labels 0 and 1 by a logistic function, or of several such labels."""

    def run_methods(self, methods: Sequence[str], X: Array) -> dict[str, Any]:
        """Return labels and probabilities of one run of the trees."""
        shares = self._shares(X)
        functions = {"predict": _labels, "predict_proba": _probabilities}
        return {method: functions[method](shares) for method in methods}

    def predict(self, X: Array) -> Array:
        """Return the labels, shape (n_samples,) or (n_samples, n_outputs)."""
        return _labels(self._shares(X))

    def predict_proba(self, X: Array) -> Array:
        """Return the probabilities of 0 and 1, or of each label, shape (n_samples, n), float32."""
        return _probabilities(self._shares(X))

    def _shares(self, X: Array) -> Array:
        """Return the probabilities of 1, shape (n_samples, n_outputs), float32."""
        # NumPy's exponential function rounds float32 differently.
        from scipy.special import expit  # noqa: PLC0415 - only some models need it

        shares: Array = expit(np.maximum(self.outputs(X), LOWEST_MARGIN))
        return shares


def _labels(shares: Array) -> Array:
    is_one = shares > HALF
    # XGBoost returns several labels as float64.
    return is_one[:, 0].astype(np.int64) if shares.shape[1] == 1 else is_one.astype(np.float64)


def _probabilities(shares: Array) -> Array:
    return np.hstack((np.float32(1.0) - shares, shares)) if shares.shape[1] == 1 else shares


@dataclass
class Float32Classifier(Float32Boosting):
    """Classifier of the labels 0, 1, 2, … by the largest margin.

    It has no probabilities: their exponential function in float32 differs between libraries.
    """

    def predict(self, X: Array) -> Array:
        """Return the labels, shape (n_samples,)."""
        labels: Array = self.outputs(X).argmax(axis=1)
        return labels
