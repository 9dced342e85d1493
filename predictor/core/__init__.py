"""Fitted estimators made servable: no Django in here, all of it usable from a notebook."""

from predictor.core.artifacts import save

__all__ = ["save"]
