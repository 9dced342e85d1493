"""Convert fitted multi-layer perceptrons."""

from typing import Any

from predictor.core.compiled.mlp import NetworkClassifier, NetworkRegressor
from predictor.core.compiler.converters.dispatch import CONVERTERS


def _fields(estimator: Any) -> dict[str, Any]:
    return {
        "coefs": estimator.coefs_,
        "intercepts": estimator.intercepts_,
        "hidden_activation": estimator.activation,
        "output_activation": estimator.out_activation_,
    }


def _regressor(estimator: Any) -> NetworkRegressor:
    return NetworkRegressor(**_fields(estimator))


def _classifier(estimator: Any) -> NetworkClassifier:
    return NetworkClassifier(**_fields(estimator), classes=estimator.classes_)


CONVERTERS.update({"MLPClassifier": _classifier, "MLPRegressor": _regressor})
