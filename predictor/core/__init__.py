"""Serving of fitted estimators. It does not import Django and can be used from a notebook."""

from predictor.core.artifacts import save

__all__ = ["save"]
