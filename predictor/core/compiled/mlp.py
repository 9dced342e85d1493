"""Multi-layer perceptrons."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, CompiledEstimator, labels_at
from predictor.core.compiled.linear import binary_probabilities, expit, softmax


def _rectify(layer: Array) -> Array:
    return np.maximum(layer, 0, out=layer)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": np.positive,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": _rectify,
    "softmax": softmax,
    "exp": np.exp,
}


@dataclass
class NetworkRegressor(CompiledEstimator):
    """Multi-layer perceptron for regression.

    Parameters
    ----------
    coefs : list of array of shape (n_in, n_out)
    intercepts : list of array of shape (n_out,)
    hidden_activation, output_activation : str
        Keys of `ACTIVATIONS`.
    """

    coefs: list[Array]
    intercepts: list[Array]
    hidden_activation: str
    output_activation: str

    def predict(self, X: Array) -> Array:
        """Return the targets, shape (n_samples,) or (n_samples, n_outputs)."""
        outputs = self.forward(X)
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def forward(self, X: Array) -> Array:
        """Return the output layer, shape (n_samples, n_outputs)."""
        layer = X
        last = len(self.coefs) - 1
        for number, (coef, intercept) in enumerate(zip(self.coefs, self.intercepts, strict=True)):
            layer = layer @ coef
            layer += intercept
            name = self.output_activation if number == last else self.hidden_activation
            layer = ACTIVATIONS[name](layer)
        return layer


@dataclass
class NetworkClassifier(NetworkRegressor):
    """Multi-layer perceptron for classification.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    """

    classes: Array

    def predict(self, X: Array) -> Array:
        """Return the labels, shape (n_samples,)."""
        outputs = self.forward(X)
        if outputs.shape[1] == 1:
            return labels_at(self.classes, (outputs[:, 0] > 0.5).astype(np.intp))  # noqa: PLR2004 - even chances
        return labels_at(self.classes, outputs.argmax(axis=1))

    def predict_proba(self, X: Array) -> Array:
        """Return the probabilities, shape (n_samples, n_classes)."""
        outputs = self.forward(X)
        return binary_probabilities(outputs[:, 0]) if outputs.shape[1] == 1 else outputs
