"""The prediction service."""

from django.apps import AppConfig


class PredictorConfig(AppConfig):
    """Fitted estimators, served."""

    name = "predictor"
