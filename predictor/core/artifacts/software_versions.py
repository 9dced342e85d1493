"""Versions of the software that fits estimators, and the check of an estimator's version."""

import platform
from functools import cache
from importlib import metadata

from predictor.core.errors import ArtifactError

PACKAGES = ("scikit-learn", "numpy")

# Cached, because each look-up reads files of the installed package.
get_version = cache(metadata.version)


def get_software_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that fit and save estimators."""
    return {"python": platform.python_version()} | {name: get_version(name) for name in PACKAGES}


def check_version(fitted: str | None, *, allowed: bool) -> str:
    """Return a note if another scikit-learn version fitted an estimator.

    Parameters
    ----------
    fitted : str, optional
        The scikit-learn version that fitted the estimator; None if it is unknown.
    allowed : bool
        Whether another version is accepted.

    Raises
    ------
    ArtifactError
        Another version fitted the estimator, and `allowed` is false.
    """
    installed = get_version("scikit-learn")
    if fitted == installed:
        return ""
    other = f"scikit-learn {fitted}" if fitted else "an unknown version of scikit-learn"
    if not allowed:
        raise ArtifactError(
            f"The model was fitted with {other}; scikit-learn {installed} is installed and may "
            f"return other predictions. Fit it again with scikit-learn=={installed}, or accept "
            "that: the command `register` has the option --allow-version, an upload the field "
            "allow_version."
        )
    return f"Fitted with {other}, run by scikit-learn {installed}."
