"""Checks of the attributes of objects in a skops file, before the reader sets them.

A prediction calls the methods of an estimator, the functions in its parameters, and the methods
that some of its attributes name. A file must not choose any of these freely.
"""

import re
from functools import lru_cache
from inspect import getattr_static
from typing import Any

from predictor.core import sklearn_private
from predictor.core.artifacts.skops import fit_only, trusted_types
from predictor.core.artifacts.skops.callables import CallableFinder, Kind, get_items
from predictor.core.errors import ArtifactError
from predictor.core.response_values import METHODS

# Candidates of a search, which predictions do not use.
CANDIDATES = {"param_grid", "param_distributions", "best_params_", "cv_results_"}

# Attributes of fitted estimators that contain callables, in addition to the parameters whose
# constraints accept a function. scikit-learn calls a scorer only in `score` and `fit`.
CALLABLE_ATTRIBUTES: dict[Kind, set[str]] = {
    "function": {"_asarray", "_kmeans_single", "_metric", "_score_func", "effective_metric_"}
    # Parameters whose class states no constraints, or omits callables.
    | {"metric", "optimizer", "transformers", *CANDIDATES},
    # A repeated splitter contains the class of the splitter that it repeats.
    "type": {
        "dtype",
        "dtype_include",
        "dtype_exclude",
        "cv",
        "kw_args",
        "inv_kw_args",
        *CANDIDATES,
    },
    "kernel": {"kernel", "kernel_", "kernels", "k1", "k2", *CANDIDATES},
    "loss": {"loss", "_loss", "_base_loss"},
    "scorer": {"scoring", "scorer_", "_scorer", "_scorers", "_curve_scorer", "owner"},
    "selector": {"transformers", *CANDIDATES},
    "spline": {"bsplines_"},
}

# Methods that an attribute may name. No estimator has a method predict_std.
SERVED = METHODS.keys() - {"predict_std"}

# Fitted attributes whose strings scikit-learn calls as methods. In the classes of the project's
# list, every attribute with "method" in its name is treated like them, except in those of gradient
# boosting, such as `tree_method`. A parameter may also have the values of its constraints. The
# attributes in COMPARED are only compared with constants.
NAMED_METHODS = {"stack_method_", "chain_method_", "_response_method"}
COMPARED = {"_CalibratedClassifier.method", "MethodMetadataRequest.method", "_fit_method"}

# Parameters with paths of attributes, and the syntax of a path without private names.
PATHS = {
    "importance_getter": re.compile(r"[a-zA-Z]\w*(\.[a-zA-Z]\w*)*"),
    "verbose_feature_names_out": re.compile(r"([^{}]|\{(transformer|feature)_name\})*"),
}

# Attributes that pair names with estimators. scikit-learn makes them attributes of a Bunch.
STEPS = {"steps", "transformers", "transformers_", "transformer_list", "estimators"}

# Size of the caches. It is bounded, because files contain attribute names of their own.
CACHE_SIZE = 10_000

MISSING = object()


def check(cls: type, state: dict[Any, Any], finder: CallableFinder) -> dict[Any, Any]:
    """Check the attributes of an object of a class.

    Returns
    -------
    dict
        Defaults of the attributes that only fitting uses and whose value the class does not accept.

    Raises
    ------
    ArtifactError
        An attribute hides a method, contains a callable that its class does not accept, or names
        a method that is not served; a parameter has a value that its class does not accept.
    """
    defaults = {}
    for name, value in state.items():
        check_name(cls, name)
        try:
            _check_value(cls, name, value, finder)
        except ArtifactError:
            if not fit_only.is_fit_only(cls.__module__, name):
                raise
            defaults[name] = fit_only.get_default(cls, name)
    return defaults


def _check_value(cls: type, name: str, value: Any, finder: CallableFinder) -> None:
    if unexpected := finder.find_kinds(value) - _get_accepted_kinds(cls, name):
        raise ArtifactError(
            f"The attribute {name:.50} of a {cls.__name__} contains a "
            f"{min(unexpected)}, which {cls.__name__} does not accept there."
        )
    _check_strings(cls, name, value)
    if problem := sklearn_private.check_parameter(cls, name, value):
        raise ArtifactError(problem)


def check_name(cls: type, name: Any) -> None:
    """Reject the name of an attribute if it is reserved for Python, or the class defines it."""
    if not isinstance(name, str) or name.startswith("__"):
        raise ArtifactError(f"A {cls.__name__} has an attribute whose name is reserved.")
    if _is_hiding(cls, name):
        raise ArtifactError(
            f"The attribute {name} of a {cls.__name__} hides a method or constant of its class."
        )


@lru_cache(CACHE_SIZE)
def _is_hiding(cls: type, name: str) -> bool:
    """Return whether an attribute hides a method, a property or a constant of a class."""
    member = getattr_static(cls, name, MISSING)
    if member is MISSING:
        return False
    if callable(member) or hasattr(member, "__get__"):
        return True
    # A constant is allowed if it is the default of a parameter, and in the operator's classes.
    return _is_listed(cls) and not sklearn_private.parameter_constraints(cls, name)


@lru_cache(CACHE_SIZE)
def _is_listed(cls: type) -> bool:
    """Return whether a class is in the project's list. Otherwise it is in TRUSTED_TYPES."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    listed = trusted_types.PARTS | trusted_types.BOOSTED
    return name in listed or trusted_types.is_estimator(name)


@lru_cache(CACHE_SIZE)
def _get_accepted_kinds(cls: type, name: str) -> frozenset[Kind]:
    """Return the kinds of callables that an attribute of a class may contain."""
    accepted: set[Kind] = {kind for kind, names in CALLABLE_ATTRIBUTES.items() if name in names}
    if not _is_listed(cls):
        accepted |= {"function", "type"}
    elif callable in sklearn_private.parameter_constraints(cls, name):
        accepted.add("function")
    return frozenset(accepted)


def _check_strings(cls: type, name: str, value: Any) -> None:
    """Check the strings that scikit-learn uses as names of attributes and methods."""
    if name in STEPS and any(step.startswith("__") for step in _get_step_names(value)):
        raise ArtifactError(f"A step of a {cls.__name__} has a name that is reserved.")
    if name in PATHS and isinstance(value, str) and not PATHS[name].fullmatch(value):
        raise ArtifactError(f"The attribute {name} of a {cls.__name__} uses private attributes.")
    options = _get_method_options(cls, name) if "method" in name else None
    if options is None:
        return
    methods = value if isinstance(value, list | tuple) else [value]
    if not all(item is None or (isinstance(item, str) and item in options) for item in methods):
        raise ArtifactError(
            f"The attribute {name:.50} of a {cls.__name__} names a method that is not served."
        )


def _get_step_names(value: Any) -> list[str]:
    """Return the names in a value that pairs names with estimators."""
    pairs = value.items() if isinstance(value, dict) else get_items(value) or ()
    names = [pair[0] for pair in pairs if isinstance(pair, list | tuple) and pair]
    return [name for name in names if isinstance(name, str)]


@lru_cache(CACHE_SIZE)
def _get_method_options(cls: type, name: str) -> frozenset[str] | None:
    """Return the strings allowed in an attribute with "method" in its name; None for any string."""
    if name in COMPARED or f"{cls.__name__}.{name}" in COMPARED:
        return None
    is_boosted = f"{cls.__module__}.{cls.__qualname__}" in trusted_types.BOOSTED
    if name not in NAMED_METHODS and (is_boosted or not _is_listed(cls)):
        return None
    return frozenset(SERVED | sklearn_private.parameter_options(cls, name))
