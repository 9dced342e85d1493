"""WSGI wrapper that answers plain prediction requests before Django."""

from predictor.fast_path.obstacles import check
from predictor.fast_path.wrapper import Answered, FastPath

__all__ = ["Answered", "FastPath", "check"]
