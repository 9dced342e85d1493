"""Convert fitted multi-layer perceptrons."""

from typing import Any

from predictor.core.compiled.mlp import Network, NetworkClassifier


def network(estimator: Any) -> Network:
    """Return the form of a regressor."""
    parts = (estimator.coefs_, estimator.intercepts_)
    return Network(*parts, estimator.activation, estimator.out_activation_)


def classifier(estimator: Any) -> Network:
    """Return the form of a classifier."""
    parts = (estimator.coefs_, estimator.intercepts_, estimator.activation)
    return NetworkClassifier(*parts, estimator.out_activation_, estimator.classes_)


COMPILED = {"MLPRegressor": network, "MLPClassifier": classifier}
