"""Kinds of callables in the values of a skops file."""

from collections.abc import Iterable
from functools import partial
from inspect import isroutine
from typing import Any, Literal

import numpy as np

# A callable of a class in TRUSTED_TYPES counts as a function.
Kind = Literal["function", "type", "kernel", "loss", "scorer", "selector", "spline"]
KIND_BY_CLASS: dict[str, Kind] = {
    "sklearn.compose._column_transformer.make_column_selector": "selector",
    "sklearn.gaussian_process.kernels.Kernel": "kernel",
    "sklearn._loss.loss.BaseLoss": "loss",
    "sklearn.metrics._scorer._BaseScorer": "scorer",
    "sklearn.metrics._scorer._MultimetricScorer": "scorer",
    "sklearn.metrics._scorer._PassthroughScorer": "scorer",
    "scipy.interpolate._bsplines.BSpline": "spline",
}

NO_KINDS: frozenset[Kind] = frozenset()


class CallableFinder:
    """Find the callables in values, and remember them for each container."""

    def __init__(self) -> None:
        # Containers and the kinds in them, by the identity of the container. The container is
        # stored too, so that its identity is not reused.
        self._cache: dict[int, tuple[Any, frozenset[Kind]]] = {}

    def find_kinds(self, value: Any) -> frozenset[Kind]:
        """Return the kinds of callables in a value, including those in its containers."""
        if callable(value):
            return frozenset([_get_kind(value)])
        items = get_items(value)
        if items is None:
            return NO_KINDS
        if id(value) not in self._cache:
            self._cache[id(value)] = (value, NO_KINDS.union(*map(self.find_kinds, items)))
        return self._cache[id(value)][1]


def is_function(value: Any) -> bool:
    """Return whether a value is a function, of Python or compiled."""
    return isroutine(value) or isinstance(value, np.ufunc)


def get_items(value: Any) -> Iterable[Any] | None:
    """Return the items of a container; None for any other value."""
    if isinstance(value, dict):
        return value.values()  # the reader makes keys of plain types only
    if isinstance(value, list | tuple | set):
        return value
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        return list(value.view(np.ndarray).flat)  # the view includes masked items
    return None


def _get_kind(value: Any) -> Kind:
    if isinstance(value, type):
        return "type"
    if is_function(value) or isinstance(value, partial):
        return "function"
    names = (f"{base.__module__}.{base.__qualname__}" for base in type(value).__mro__)
    return next((KIND_BY_CLASS[name] for name in names if name in KIND_BY_CLASS), "function")
