"""Multi-layer perceptrons."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, CompiledEstimator, labelled
from predictor.core.compiled.linear import expit, of_two, softmax


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
class Network(CompiledEstimator):
    """A multi-layer perceptron that gives numbers.

    Parameters
    ----------
    coefs : list of array of shape (n_in, n_out)
    intercepts : list of array of shape (n_out,)
    hidden, last : str
        The activations of the hidden layers and of the last.
    """

    coefs: list[Array]
    intercepts: list[Array]
    hidden: str
    last: str

    def predict(self, X: Array) -> Array:
        """Return the targets, shape (n_samples,) or (n_samples, n_outputs)."""
        outputs = self.forward(X)
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def forward(self, X: Array) -> Array:
        """Return the last layer, shape (n_samples, n_outputs)."""
        layer = X
        end = len(self.coefs) - 1
        for number, (coef, intercept) in enumerate(zip(self.coefs, self.intercepts, strict=True)):
            layer = layer @ coef
            layer += intercept
            layer = ACTIVATIONS[self.last if number == end else self.hidden](layer)
        return layer


@dataclass
class NetworkClassifier(Network):
    """A multi-layer perceptron that gives labels.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    """

    classes: Array

    def predict(self, X: Array) -> Array:
        """Return the labels."""
        outputs = self.forward(X)
        if outputs.shape[1] == 1:
            return labelled(self.classes, (outputs[:, 0] > 0.5).astype(np.intp))  # noqa: PLR2004 - of 1
        return labelled(self.classes, outputs.argmax(axis=1))

    def predict_proba(self, X: Array) -> Array:
        """Return the probabilities, shape (n_samples, n_classes)."""
        outputs = self.forward(X)
        return of_two(outputs[:, 0]) if outputs.shape[1] == 1 else outputs
