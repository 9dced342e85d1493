"""The names that the attributes of an object in a skops file may have, and what they may hold.

A prediction calls what it finds in an estimator: its methods, the functions in its parameters, and
the methods that some of its attributes name. So the reader checks each attribute before it is set.
"""

import re
from collections.abc import Iterable
from functools import lru_cache, partial
from inspect import getattr_static, isroutine
from typing import Any

import numpy as np

from predictor.core.answers import METHODS
from predictor.core.artifacts import allowed
from predictor.core.errors import ArtifactError

# The kinds of objects that can be called. A class that the operator adds counts as a function.
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

# The attributes that hold such objects in fitted estimators, besides the parameters that take a
# function. scikit-learn calls a scorer to rate an estimator, never to predict. What a search tried
# is kept and not called.
PLACES = {
    name: kinds
    for names, kinds in (
        ("_asarray _kmeans_single _metric _score_func effective_metric_", {FUNCTION}),
        # Parameters whose class states no constraints for them.
        ("metric optimizer transformers", {FUNCTION}),
        ("dtype kw_args inv_kw_args", {TYPE}),
        ("kernel kernel_ kernels k1 k2", {KERNEL}),
        ("loss _loss _base_loss", {LOSS}),
        ("scoring scorer_ _scorer _scorers _curve_scorer owner", {SCORER}),
        ("bsplines_", {SPLINE}),
        ("param_grid param_distributions best_params_ cv_results_", {FUNCTION, TYPE, KERNEL}),
    )
    for name in names.split()
}

# What an attribute that names methods may name: scikit-learn calls it.
CALLED = {*METHODS, "predict_log_proba"}

# Fitted attributes that name methods. So may any attribute of scikit-learn's own classes whose name
# contains "method": a parameter takes the texts of its constraints, and some are only compared.
NAMED_METHODS = {"stack_method_", "chain_method_", "_response_method"}
COMPARED = {"_CalibratedClassifier.method", "MethodMetadataRequest.method", "_fit_method"}

# Texts that scikit-learn looks up attributes by.
TEXTS = {
    "importance_getter": re.compile(r"[a-zA-Z]\w*(\.[a-zA-Z]\w*)*"),
    "verbose_feature_names_out": re.compile(r"([^{}]|\{(transformer|feature)_name\})*"),
}

# Attributes that list estimators with their names, which become attributes of a Bunch.
STEPS = {"steps", "transformers", "transformers_", "transformer_list", "estimators"}

NOTHING: frozenset[str] = frozenset()

# How many answers are kept: files bring names of their own.
CACHED = 10_000


class Attributes:
    """Checks the attributes of the objects that one file describes."""

    def __init__(self) -> None:
        # By the identity of a container, which is kept so that no other one gets its identity.
        self._known: dict[int, tuple[Any, frozenset[str]]] = {}

    def check(self, kind: type, state: dict[Any, Any]) -> None:
        """Check the attributes of an object that is to be of some class.

        Raises
        ------
        ArtifactError
            An attribute hides what its class defines, holds what can be called where its class
            takes no such object, or names a method that is not served.
        """
        for name, value in state.items():
            check_name(kind, name)
            extra = self.callables(value) - _accepted(kind, name)
            if extra:
                raise ArtifactError(
                    f"The attribute {name:.50} of a {kind.__name__} in the file holds a "
                    f"{min(extra)}, which its class does not take."
                )
            _check_texts(kind, name, value)

    def callables(self, value: Any) -> frozenset[str]:
        """Return the kinds of objects that can be called in a value and its containers."""
        if callable(value):
            return frozenset([_kind(value)])
        items = _items(value)
        if items is None:
            return NOTHING
        if id(value) not in self._known:
            found = NOTHING.union(*map(self.callables, items))
            self._known[id(value)] = (value, found)
        return self._known[id(value)][1]


def check_name(kind: type, name: Any) -> None:
    """Check that a name is one of an attribute, and hides nothing that Python or its class has.

    Raises
    ------
    ArtifactError
        It is not.
    """
    if not isinstance(name, str) or name.startswith("__"):
        raise ArtifactError(f"A {kind.__name__} in the file has an attribute of Python's own.")
    if _hides(kind, name):
        raise ArtifactError(
            f"The attribute {name} of a {kind.__name__} in the file hides what its class defines."
        )


def is_function(value: Any) -> bool:
    """Return whether a value is a function, of Python or compiled."""
    return isroutine(value) or isinstance(value, np.ufunc)


@lru_cache(CACHED)
def _hides(kind: type, name: str) -> bool:
    """Return whether an attribute hides a method, a property or a constant of a class."""
    nothing = object()
    held = getattr_static(kind, name, nothing)
    if held is nothing:
        return False
    if callable(held) or hasattr(held, "__get__"):
        return True
    # A constant may be the default of a parameter, and of an operator's class anything.
    return _is_listed(kind) and not _constraints(kind, name)


def _kind(value: Any) -> str:
    """Return what kind of object that can be called a value is."""
    if isinstance(value, type):
        return TYPE
    if is_function(value) or isinstance(value, partial):
        return FUNCTION
    for base in type(value).__mro__:
        if known := KINDS.get(f"{base.__module__}.{base.__qualname__}"):
            return known
    return FUNCTION


@lru_cache(CACHED)
def _is_listed(kind: type) -> bool:
    """Return whether a class is one of the project's list; otherwise it is the operator's."""
    name = f"{kind.__module__}.{kind.__qualname__}"
    return name in allowed.PARTS or allowed.is_estimator(name)


def _items(value: Any) -> Iterable[Any] | None:
    """Return what a container holds; None for what is no container."""
    if isinstance(value, dict):
        return value.values()  # its keys are plain
    if isinstance(value, list | tuple | set):
        return value
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        return list(value.view(np.ndarray).flat)  # also what a mask covers
    return None


@lru_cache(CACHED)
def _accepted(kind: type, name: str) -> frozenset[str]:
    """Return the kinds of objects that can be called that an attribute of a class may hold."""
    accepted = frozenset(PLACES.get(name, ()))
    if not _is_listed(kind) or callable in _constraints(kind, name):
        accepted |= {FUNCTION}
    if not _is_listed(kind):
        accepted |= {TYPE}
    return accepted


def _constraints(kind: type, name: str) -> list[Any]:
    """Return what scikit-learn lets a parameter of a class be; an empty list if it is none."""
    found = getattr(kind, "_parameter_constraints", {}).get(name, [])
    return found if isinstance(found, list) else []


def _check_texts(kind: type, name: str, value: Any) -> None:
    """Check the texts that scikit-learn looks up attributes by."""
    if name in STEPS and any(step.startswith("__") for step in _step_names(value)):
        raise ArtifactError(f"A step of a {kind.__name__} in the file has a name of Python's own.")
    if name in TEXTS and isinstance(value, str) and not TEXTS[name].fullmatch(value):
        raise ArtifactError(
            f"The attribute {name} of a {kind.__name__} in the file names what is not public."
        )
    options = _methods(kind, name) if "method" in name else None
    if options is None:
        return
    names = value if isinstance(value, list | tuple) else [value]
    if not all(each is None or (isinstance(each, str) and each in options) for each in names):
        raise ArtifactError(
            f"The attribute {name:.50} of a {kind.__name__} in the file names no served method."
        )


def _step_names(value: Any) -> list[str]:
    """Return the names of the steps in a value, which pairs each with an estimator."""
    pairs = list(value.items()) if isinstance(value, dict) else list(_items(value) or ())
    firsts = [pair[0] for pair in pairs if isinstance(pair, list | tuple) and pair]
    return [first for first in firsts if isinstance(first, str)]


@lru_cache(CACHED)
def _methods(kind: type, name: str) -> frozenset[str] | None:
    """Return the texts of an attribute whose name contains "method"; None where any will do."""
    if name in COMPARED or f"{kind.__name__}.{name}" in COMPARED:
        return None
    if name not in NAMED_METHODS and not _is_listed(kind):
        return None
    options = [getattr(option, "options", ()) for option in _constraints(kind, name)]
    return frozenset(CALLED).union(*options)
