"""Gradient boosting of other packages: XGBoost, LightGBM and CatBoost.

The packages are optional, and this module imports none of them: the owner of a fitted estimator has
imported its package.
"""

import sys
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from typing import Any

# Names of the distributions that contain each package.
DISTRIBUTIONS = {
    "xgboost": ("xgboost", "xgboost-cpu"),
    "lightgbm": ("lightgbm",),
    "catboost": ("catboost",),
}

# Package that reads the trees of XGBoost and LightGBM, to compile them.
TREE_READER = "treelite"

# Modules and names of the exceptions with which the packages reject rows, besides Python's own.
ERRORS = {"lightgbm.basic": "LightGBMError", "catboost": "CatBoostError"}

# Names of the columns of an array.
NUMBERED = {"lightgbm": "Column_{}", "catboost": "{}"}

# Parameters of the number of threads. LightGBM knows all of these names.
THREADS = {"n_jobs", "num_threads", "num_thread", "nthread", "nthreads"}


@cache
def find_version(package: str) -> str | None:
    """Return the installed version of a package; None if it is not installed."""
    for distribution in DISTRIBUTIONS.get(package, (package,)):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return None


def find_versions() -> dict[str, str]:
    """Return the versions of the packages that are installed."""
    versions = {package: find_version(package) for package in DISTRIBUTIONS}
    return {package: version for package, version in versions.items() if version}


def find_compiler_versions() -> dict[str, str]:
    """Return the versions of `find_versions`, and of the reader of trees if it is installed."""
    version = find_version(TREE_READER)
    return find_versions() | ({TREE_READER: version} if version else {})


def get_package(value: Any) -> str:
    """Return the package of an object; empty if it is none of these packages."""
    root = type(value).__module__.partition(".")[0]
    return root if root in DISTRIBUTIONS else ""


def find_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions with which the imported packages reject rows."""
    modules = {name: sys.modules.get(name) for name in ERRORS}
    return tuple(getattr(module, ERRORS[name]) for name, module in modules.items() if module)


def prepare(estimator: Any) -> None:
    """Let an estimator that was read from a file predict in the calling thread.

    The parameters that a later version of its package added get their defaults.
    """
    for name, value in vars(type(estimator)()).items():
        vars(estimator).setdefault(name, value)
    package = get_package(estimator)
    if package == "xgboost":
        estimator.n_jobs = 1
    elif package == "lightgbm":
        names = THREADS & estimator.get_params().keys()
        estimator.set_params(**dict.fromkeys(names, 1))


def choose_names(estimator: Any, names: Sequence[str] | None) -> Sequence[str] | None:
    """Return the names of the columns; None if the estimator was fitted on an array.

    LightGBM and CatBoost number the columns of an array.

    Parameters
    ----------
    estimator : estimator
    names : sequence of str, optional
        The names that the estimator, or the estimator around it, states.
    """
    package = get_package(estimator)
    if package not in NUMBERED or not getattr(estimator, "n_features_in_", None):
        return names
    stored = estimator.feature_name_ if package == "lightgbm" else estimator.feature_names_
    if names is not None and list(names) != stored:
        return names
    is_numbered = stored == [NUMBERED[package].format(n) for n in range(len(stored))]
    return None if is_numbered else stored


def has_categories(estimator: Any) -> bool:
    """Return whether an estimator was fitted on a DataFrame with columns of categories."""
    package = get_package(estimator)
    if not package or getattr(estimator, "n_features_in_", None) is None:
        return False  # it is not fitted
    if package == "xgboost":
        booster = estimator.get_booster()
        return booster.feature_names is not None and "c" in (booster.feature_types or ())
    if package == "lightgbm":
        return bool(estimator.booster_.pandas_categorical)
    return bool(estimator.get_cat_feature_indices())


def get_stored_name(estimator: Any, name: str) -> str:
    """Return the name under which an estimator stores a column: LightGBM replaces spaces."""
    return name.replace(" ", "_") if get_package(estimator) == "lightgbm" else name
