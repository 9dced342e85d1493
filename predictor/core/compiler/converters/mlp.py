"""Convert fitted multi-layer perceptrons."""

from typing import Any

from predictor.core.compiled.mlp import NetworkClassifier, NetworkRegressor


def _fields(estimator: Any) -> dict[str, Any]:
    return {
        "coefs": estimator.coefs_,
        "intercepts": estimator.intercepts_,
        "hidden_activation": estimator.activation,
        "output_activation": estimator.out_activation_,
    }


def convert_regressor(estimator: Any) -> NetworkRegressor:
    """Convert a perceptron for regression."""
    return NetworkRegressor(**_fields(estimator))


def convert_classifier(estimator: Any) -> NetworkClassifier:
    """Convert a perceptron for classification."""
    return NetworkClassifier(**_fields(estimator), classes=estimator.classes_)


CONVERTERS = {"MLPClassifier": convert_classifier, "MLPRegressor": convert_regressor}
