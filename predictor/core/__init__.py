"""Serving of fitted estimators. It does not import Django and can be used from a notebook."""

from predictor.core.notebook import publish, save

__all__ = ["publish", "save"]
