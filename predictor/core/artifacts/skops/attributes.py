"""Checks of the attributes of objects in a skops file, before the reader sets them.

A prediction calls the methods of an estimator, the functions in its parameters, and the methods
that some of its attributes name. A file must not choose any of these freely.
"""

import re
from collections.abc import Iterable
from functools import lru_cache, partial
from inspect import getattr_static, isroutine
from typing import Any

import numpy as np

from predictor.core.artifacts.skops import trusted_types
from predictor.core.errors import ArtifactError
from predictor.core.response_values import METHODS

# Kinds of callables. A callable of a class in TRUSTED_TYPES counts as a function.
FUNCTION, TYPE, KERNEL = "function", "type", "kernel"
LOSS, SCORER, SPLINE = "loss", "scorer", "spline"
KINDS = {
    "sklearn.gaussian_process.kernels.Kernel": KERNEL,
    "sklearn._loss.loss.BaseLoss": LOSS,
    "sklearn.metrics._scorer._BaseScorer": SCORER,
    "sklearn.metrics._scorer._MultimetricScorer": SCORER,
    "sklearn.metrics._scorer._PassthroughScorer": SCORER,
    "scipy.interpolate._bsplines.BSpline": SPLINE,
}

# Attributes of fitted estimators that contain callables, in addition to the parameters whose
# constraints accept a function. scikit-learn calls a scorer only in `score` and `fit`.
PLACES = {
    name: kinds
    for names, kinds in (
        ("_asarray _kmeans_single _metric _score_func effective_metric_", {FUNCTION}),
        # Parameters whose class states no constraints, or omits callables.
        ("metric optimizer transformers", {FUNCTION}),
        ("dtype kw_args inv_kw_args", {TYPE}),
        ("kernel kernel_ kernels k1 k2", {KERNEL}),
        ("loss _loss _base_loss", {LOSS}),
        ("scoring scorer_ _scorer _scorers _curve_scorer owner", {SCORER}),
        ("bsplines_", {SPLINE}),
        # Candidates of a search, which predictions do not use.
        ("param_grid param_distributions best_params_ cv_results_", {FUNCTION, TYPE, KERNEL}),
    )
    for name in names.split()
}

# Methods that an attribute may name.
SERVED = {*METHODS, "predict_log_proba"}

# Fitted attributes whose strings scikit-learn calls as methods. In the classes of the project's
# list, every attribute with "method" in its name is treated like them. A parameter may also have
# the values of its constraints. The attributes in COMPARED are only compared with constants.
NAMED_METHODS = {"stack_method_", "chain_method_", "_response_method"}
COMPARED = {"_CalibratedClassifier.method", "MethodMetadataRequest.method", "_fit_method"}

# Parameters with paths of attributes, and the form of a path without private names.
PATHS = {
    "importance_getter": re.compile(r"[a-zA-Z]\w*(\.[a-zA-Z]\w*)*"),
    "verbose_feature_names_out": re.compile(r"([^{}]|\{(transformer|feature)_name\})*"),
}

# Attributes that pair names with estimators. scikit-learn makes them attributes of a Bunch.
STEPS = {"steps", "transformers", "transformers_", "transformer_list", "estimators"}

NOTHING: frozenset[str] = frozenset()

# Size of the caches. Files contain attribute names of their own, so it is bounded.
CACHE_SIZE = 10_000


class Attributes:
    """Checker of the attributes of all objects in one file."""

    def __init__(self) -> None:
        # Containers and the callables in them, by the identity of the container. The container is
        # stored too, so that its identity is not reused.
        self._known: dict[int, tuple[Any, frozenset[str]]] = {}

    def check(self, kind: type, state: dict[Any, Any]) -> None:
        """Check the attributes of an object of a class.

        Raises
        ------
        ArtifactError
            An attribute hides a method, contains a callable that its class does not accept, or
            names a method that is not served.
        """
        for name, value in state.items():
            check_name(kind, name)
            unexpected = self.callables(value) - _accepted(kind, name)
            if unexpected:
                raise ArtifactError(
                    f"The attribute {name:.50} of a {kind.__name__} contains a "
                    f"{min(unexpected)}, which {kind.__name__} does not accept there."
                )
            _check_strings(kind, name, value)

    def callables(self, value: Any) -> frozenset[str]:
        """Return the kinds of callables in a value, including those in its containers."""
        if callable(value):
            return frozenset([_kind(value)])
        items = _items(value)
        if items is None:
            return NOTHING
        if id(value) not in self._known:
            kinds = NOTHING.union(*map(self.callables, items))
            self._known[id(value)] = (value, kinds)
        return self._known[id(value)][1]


def check_name(kind: type, name: Any) -> None:
    """Check the name of an attribute.

    Raises
    ------
    ArtifactError
        The name is reserved for Python, or the class defines it.
    """
    if not isinstance(name, str) or name.startswith("__"):
        raise ArtifactError(f"A {kind.__name__} has an attribute whose name is reserved.")
    if _hides(kind, name):
        raise ArtifactError(
            f"The attribute {name} of a {kind.__name__} hides a method or constant of its class."
        )


def is_function(value: Any) -> bool:
    """Return whether a value is a function, of Python or compiled."""
    return isroutine(value) or isinstance(value, np.ufunc)


@lru_cache(CACHE_SIZE)
def _hides(kind: type, name: str) -> bool:
    """Return whether an attribute hides a method, a property or a constant of a class."""
    nothing = object()
    held = getattr_static(kind, name, nothing)
    if held is nothing:
        return False
    if callable(held) or hasattr(held, "__get__"):
        return True
    # A constant is allowed if it is the default of a parameter, and in the operator's classes.
    return _is_listed(kind) and not _constraints(kind, name)


def _kind(value: Any) -> str:
    """Return the kind of a callable."""
    if isinstance(value, type):
        return TYPE
    if is_function(value) or isinstance(value, partial):
        return FUNCTION
    for base in type(value).__mro__:
        if known := KINDS.get(f"{base.__module__}.{base.__qualname__}"):
            return known
    return FUNCTION


@lru_cache(CACHE_SIZE)
def _is_listed(kind: type) -> bool:
    """Return whether a class is in the project's list. Otherwise it is in TRUSTED_TYPES."""
    name = f"{kind.__module__}.{kind.__qualname__}"
    return name in trusted_types.PARTS or trusted_types.is_estimator(name)


def _items(value: Any) -> Iterable[Any] | None:
    """Return the items of a container; None for any other value."""
    if isinstance(value, dict):
        return value.values()  # the reader makes keys of plain types only
    if isinstance(value, list | tuple | set):
        return value
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        return list(value.view(np.ndarray).flat)  # the view includes masked items
    return None


@lru_cache(CACHE_SIZE)
def _accepted(kind: type, name: str) -> frozenset[str]:
    """Return the kinds of callables that an attribute of a class may contain."""
    accepted = frozenset(PLACES.get(name, ()))
    if not _is_listed(kind):
        return accepted | {FUNCTION, TYPE}
    return accepted | {FUNCTION} if callable in _constraints(kind, name) else accepted


def _constraints(kind: type, name: str) -> list[Any]:
    """Return scikit-learn's constraints of a parameter; an empty list if there are none."""
    constraints = getattr(kind, "_parameter_constraints", {}).get(name, [])
    return constraints if isinstance(constraints, list) else []


def _check_strings(kind: type, name: str, value: Any) -> None:
    """Check the strings that scikit-learn uses as names of attributes and methods."""
    if name in STEPS and any(step.startswith("__") for step in _step_names(value)):
        raise ArtifactError(f"A step of a {kind.__name__} has a name that is reserved.")
    if name in PATHS and isinstance(value, str) and not PATHS[name].fullmatch(value):
        raise ArtifactError(f"The attribute {name} of a {kind.__name__} uses private attributes.")
    options = _methods(kind, name) if "method" in name else None
    if options is None:
        return
    names = value if isinstance(value, list | tuple) else [value]
    if not all(each is None or (isinstance(each, str) and each in options) for each in names):
        raise ArtifactError(
            f"The attribute {name:.50} of a {kind.__name__} names a method that is not served."
        )


def _step_names(value: Any) -> list[str]:
    """Return the names in a value that pairs names with estimators."""
    pairs = list(value.items()) if isinstance(value, dict) else list(_items(value) or ())
    names = [pair[0] for pair in pairs if isinstance(pair, list | tuple) and pair]
    return [name for name in names if isinstance(name, str)]


@lru_cache(CACHE_SIZE)
def _methods(kind: type, name: str) -> frozenset[str] | None:
    """Return the strings allowed in an attribute with "method" in its name; None for any string."""
    if name in COMPARED or f"{kind.__name__}.{name}" in COMPARED:
        return None
    if name not in NAMED_METHODS and not _is_listed(kind):
        return None
    options = [getattr(option, "options", ()) for option in _constraints(kind, name)]
    return frozenset(SERVED).union(*options)
