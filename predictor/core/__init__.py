"""Serving of fitted estimators. It does not import Django and can be used from a notebook."""

from predictor.core.notebook import save

__all__ = ["save"]
