"""Look up the converter of a fitted estimator by the name of its class."""

from collections.abc import Callable
from typing import Any

from predictor.core.boosters import get_package
from predictor.core.compiled.compiled_estimator import CompiledEstimator, NotCompilable

# Filled by the package, because converters of compositions call `convert`.
CONVERTERS: dict[str, Callable[[Any], CompiledEstimator]] = {}


def convert(estimator: Any) -> CompiledEstimator:
    """Return the compiled estimator of a fitted estimator.

    Raises
    ------
    NotCompilable
        The estimator, or a part of it, cannot be compiled.
    """
    kind = type(estimator)
    converter = CONVERTERS.get(kind.__name__)
    is_known = kind.__module__.startswith("sklearn.") or get_package(estimator)
    if converter is None or not is_known:
        raise NotCompilable(f"{kind.__name__} is not compiled.")
    compiled = converter(estimator)
    # A search returns the compiled estimator of its best estimator, which has a source.
    vars(compiled).setdefault("source", estimator)
    return compiled


def convert_with(method: str, estimator: Any) -> CompiledEstimator:
    """Return the compiled estimator of a part that another estimator calls a method of.

    Raises
    ------
    NotCompilable
        The part, or the method, cannot be compiled.
    """
    compiled = convert(estimator)
    if not hasattr(compiled, method):
        raise NotCompilable(f"{method} of {type(estimator).__name__} is not compiled.")
    return compiled
