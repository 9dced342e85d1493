"""Look up the converter of a fitted estimator by the name of its class in scikit-learn."""

from collections.abc import Callable
from typing import Any

from predictor.core.compiled.compiled_estimator import CompiledEstimator, NotCompilable

# Filled by this package, so that the converters of compositions can call `drawn`.
COMPILED: dict[str, Callable[[Any], CompiledEstimator]] = {}


def drawn(estimator: Any) -> CompiledEstimator:
    """Return the form of a fitted estimator.

    Raises
    ------
    NotCompilable
        It, or a part of it, has none; says which.
    """
    kind = type(estimator)
    draw = COMPILED.get(kind.__name__)
    if draw is None or not kind.__module__.startswith("sklearn."):
        raise NotCompilable(f"{kind.__name__} is not compiled.")
    form = draw(estimator)
    vars(form).setdefault("source", estimator)  # what only wraps another one has its form
    return form
