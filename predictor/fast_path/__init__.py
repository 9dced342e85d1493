"""WSGI wrapper that answers plain prediction requests before Django."""

from predictor.fast_path.obstacles import check
from predictor.fast_path.wrapper import FastPath

__all__ = ["FastPath", "check"]
