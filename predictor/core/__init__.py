"""Serving of fitted estimators. It does not import Django and can be used from a notebook."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from predictor.core.notebook import publish, save

__all__ = ["publish", "save"]


def __getattr__(name: str) -> Any:
    """Import the functions of a notebook on first use: processes that fork others need no NumPy."""
    if name in __all__:
        from predictor.core import notebook  # noqa: PLC0415 - as the docstring says

        return getattr(notebook, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
