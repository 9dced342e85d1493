"""Tree ensembles that ONNX Runtime runs.

References
----------
`sklearn.ensemble` and `sklearn.tree` round rows to float32 before they compare them with
thresholds. Histogram gradient boosting compares float64.
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
    ScoreClassifier,
    all_finite,
    labels_at,
    labels_of_outputs,
)
from predictor.core.compiled.linear import binary_probabilities, expit, softmax
from predictor.core.onnx_runtime import create_session

# Precision that rows are rounded to before they are compared.
DOUBLE, SINGLE = "float64", "float32"


@dataclass
class TreeEnsemble(CompiledEstimator):
    """Sums or means of the leaves that a row reaches.

    Parameters
    ----------
    nodes : dict of str to array
        Trees that map rows of shape (n_samples, n_features) to sums of leaves of shape
        (n_samples, n_sums), see `check_trees`.
    divisor : int
        Number that the sums are divided by.
    spread : array of shape (n_sums, n_targets * max_n_classes)
        Matrix from sums to outputs.
    base : array of shape (n_targets, max_n_classes)
        Outputs where all sums are 0.
    n_features : int
    precision : {"float32", "float64"}
    accepts_nan : bool
    """

    accepts: ClassVar[str] = ANY

    nodes: dict[str, Array]
    divisor: int
    spread: Array
    base: Array
    n_features: int
    precision: str
    accepts_nan: bool

    def __post_init__(self) -> None:
        # Only processes that run or compile trees need the onnx package (0.15 s, 9 MB).
        from predictor.core.compiled.onnx_trees import (  # noqa: PLC0415
            check_trees,
            sums_are_exact_in_float32,
            to_onnx,
        )

        n_sums = len(self.spread)
        check_trees(self.nodes, self.n_features, n_sums)
        # Trees of float32 are smaller, so that more of them stay in the caches of the processor.
        is_single = self.precision == SINGLE and sums_are_exact_in_float32(self.nodes)
        self.dtype = np.float32 if is_single else np.float64
        self.session = create_session(to_onnx(self.nodes, n_sums, self.dtype))
        self.input_name = self.session.get_inputs()[0].name
        self.output_names = [each.name for each in self.session.get_outputs()]
        self.sums_are_outputs = np.array_equal(self.spread, np.eye(self.base.size))
        self.flat_base = self.base.ravel()

    @property
    def engine_name(self) -> str:
        """Name of the library that runs this estimator."""
        return ONNX

    def outputs(self, X: Array) -> Array:
        """Return the outputs, shape (n_samples, n_targets * max_n_classes); see `run_trees`."""
        sums = self.run_trees(X)
        if self.divisor > 1:
            sums /= float(self.divisor)  # NumPy takes longer for an int
        outputs: Array = sums if self.sums_are_outputs else sums @ self.spread
        outputs += self.flat_base
        return outputs

    def run_trees(self, X: Array) -> Array:
        """Return the sums of leaves, shape (n_samples, n_sums).

        Raises
        ------
        FallbackRequired
            The number of columns is wrong, or a value is not finite in the precision of the trees.
        """
        if X.shape[1] != self.n_features:
            raise FallbackRequired
        if self.precision == SINGLE:
            X = X.astype(np.float32)
            if not all_finite(X) and (not self.accepts_nan or np.isinf(X).any()):
                raise FallbackRequired
        rows = X.astype(self.dtype, copy=False)
        sums: Array = self.session.run(self.output_names, {self.input_name: rows})[0]
        return sums.astype(np.float64, copy=False)


@dataclass
class ForestRegressor(TreeEnsemble):
    """Regression tree, or a forest of them."""

    def predict(self, X: Array) -> Array:
        """Return the targets, shape (n_samples,) or (n_samples, n_outputs)."""
        targets = self.outputs(X)
        return targets[:, 0] if targets.shape[1] == 1 else targets


@dataclass
class BoostingRegressor(TreeEnsemble):
    """Gradient boosting regressor.

    Parameters
    ----------
    has_log_link : bool
        Whether predictions are the exponential of the sum.
    """

    has_log_link: bool = False

    def predict(self, X: Array) -> Array:
        """Return the targets, shape (n_samples,)."""
        targets = self.outputs(X)[:, 0]
        return np.exp(targets) if self.has_log_link else targets


@dataclass
class ForestClassifier(TreeEnsemble):
    """Classification tree, or a forest of them.

    Parameters
    ----------
    classes : list of array of shape (n_classes,)
        Labels of each output.
    """

    classes: list[Array]

    def run_methods(self, methods: Sequence[str], X: Array) -> dict[str, Any]:
        """Return labels and probabilities of one run of the trees."""
        probabilities = self._probabilities(X)
        functions = {"predict": self._labels, "predict_proba": _single_or_list}
        return {method: functions[method](probabilities) for method in methods}

    def predict(self, X: Array) -> Array:
        """Return the labels, shape (n_samples,) or (n_samples, n_outputs)."""
        # A probability that rounding made negative is never the greatest.
        return self._labels(self._split(self.outputs(X)))

    def predict_proba(self, X: Array) -> Any:
        """Return the probabilities, shape (n_samples, n_classes); a list for several outputs."""
        return _single_or_list(self._probabilities(X))

    def _probabilities(self, X: Array) -> list[Array]:
        """Return the probabilities of each output."""
        # The last class is a difference: rounding can make it negative.
        return self._split(np.maximum(self.outputs(X), 0.0))

    def _split(self, outputs: Array) -> list[Array]:
        """Return the columns of each output."""
        if len(self.classes) == 1:
            return [outputs]
        each = outputs.reshape(-1, *self.base.shape)
        return [each[:, n, : len(labels)] for n, labels in enumerate(self.classes)]

    def _labels(self, probabilities: list[Array]) -> Array:
        return labels_of_outputs(self.classes, [each.argmax(axis=1) for each in probabilities])


def _single_or_list(probabilities: list[Array]) -> Any:
    return probabilities[0] if len(probabilities) == 1 else probabilities


@dataclass
class BoostingClassifier(ScoreClassifier, TreeEnsemble):
    """Gradient boosting classifier, or AdaBoost of trees.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    zero_is_second : bool
        Whether a score of exactly zero means the second of two classes.
    factor : float
        Factor of the scores in the probabilities.
    """

    classes: Array
    zero_is_second: bool = False
    factor: float = 1.0

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,) or (n_samples, n_classes)."""
        scores = self.outputs(X)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def labels(self, scores: Array) -> Array:
        """Return the labels of scores."""
        if scores.ndim > 1:
            return labels_at(self.classes, scores.argmax(axis=1))
        is_second = scores >= 0 if self.zero_is_second else scores > 0
        return labels_at(self.classes, is_second.astype(np.intp))

    def probabilities(self, scores: Array) -> Array:
        """Return the probabilities of scores, which are overwritten."""
        scores *= self.factor
        return softmax(scores) if scores.ndim > 1 else binary_probabilities(expit(scores))


@dataclass
class IsolationForest(TreeEnsemble):
    """Isolation forest.

    Parameters
    ----------
    mean_depth : float
        Mean depth of a tree that was fitted on as many samples.
    offset : float
    """

    mean_depth: float
    offset: float

    def score_samples(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,): the lower, the more abnormal."""
        depths = self.outputs(X)[:, 0]
        scores: Array = -(2.0 ** (-depths / self.mean_depth))
        return scores

    def decision_function(self, X: Array) -> Array:
        """Return the scores less the offset, shape (n_samples,): negative for outliers."""
        return self.score_samples(X) - self.offset

    def predict(self, X: Array) -> Array:
        """Return 1 for inliers and -1 for outliers, shape (n_samples,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)
