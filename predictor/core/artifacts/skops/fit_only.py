"""Parameters and attributes of scikit-learn's estimators that only fitting uses.

A file cannot contain all of their values, such as a function of a notebook, a distribution of SciPy
or a value that only another version of scikit-learn accepts. No served method reads them.
"""

import re
from collections.abc import Collection
from copy import deepcopy
from inspect import Parameter, signature
from typing import Any

from predictor.core.columns import list_values

# Names of parameters, and of fitted attributes, in every class of scikit-learn.
NAMES = {
    *(
        "alphas",
        "callback",
        "categorical_features",
        "categories",
        "class_weight",
        "criterion",
        "cv",
    ),
    *("dual", "error_score", "eta0", "force_alpha", "is_data_valid", "is_model_valid", "memory"),
    *("n_init", "optimizer", "param_distributions", "param_grid", "pre_dispatch"),
    *("quantile_method", "refit", "score_func", "scoring", "subsample"),
    *("best_params_", "cv_results_", "loss_function_", "scorer_"),
    *("_checked_cv_orig", "_loss_function_", "_scorer"),
}

# Values that replace those that are left out; the others are None.
REPLACEMENTS: dict[str, Any] = {"param_distributions": {}, "param_grid": {}, "refit": True}

# Parameter as a note names it, and number of parameters that a note lists.
PARAMETER = re.compile(r"\w{1,80}\.\w{1,80}", re.ASCII)
DERIVED = re.compile(r"\._|_$")
MAX_LISTED = 20


def is_fit_only(module: str, name: str) -> bool:
    """Return whether an attribute of a class in a module is used only by fitting."""
    return name in NAMES and module.startswith("sklearn.")


def get_default(cls: type, name: str) -> Any:
    """Return the default of a parameter; a replacement if it has none."""
    parameters = signature(cls).parameters
    default = parameters[name].default if name in parameters else Parameter.empty
    return deepcopy(REPLACEMENTS.get(name) if default is Parameter.empty else default)


def describe(names: Collection[str]) -> list[str]:
    """Return a note about the parameters that are left out, if there are any.

    Parameters
    ----------
    names : collection of str
        Such as "GridSearchCV.scoring". Attributes such as "GridSearchCV.scorer_", which follow from
        a parameter, are not part of the note.
    """
    parameters = sorted(name for name in names if not DERIVED.search(name))
    if not parameters:
        return []
    listed = list_values(parameters, MAX_LISTED)
    return [
        f"Left out, because only fitting uses them and their values are not accepted: {listed}."
    ]


def read_names(stated: Any) -> set[str]:
    """Return the names in a list from a file, without those that name no parameter."""
    names = stated if isinstance(stated, list) else []
    return {name for name in names if isinstance(name, str) and PARAMETER.fullmatch(name)}
