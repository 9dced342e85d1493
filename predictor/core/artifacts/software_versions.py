"""Versions of the software that fits estimators, and the check of an estimator's version."""

import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import metadata

from predictor.core import boosters
from predictor.core.errors import ArtifactError

PACKAGES = ("scikit-learn", "numpy")

# The end of each refusal of another version.
HOW_TO_ACCEPT = (
    "accept that: the command `register` has the option --allow-version, an upload the field "
    "allow_version."
)

# Cached, because each look-up reads files of the installed package.
get_version = cache(metadata.version)


def get_software_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that fit and save estimators."""
    return {"python": platform.python_version()} | {name: get_version(name) for name in PACKAGES}


def get_installed_versions() -> dict[str, str]:
    """Return the versions of `get_software_versions`, and of the optional packages."""
    return get_software_versions() | boosters.find_versions()


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
            f"return other predictions. Fit it again with scikit-learn=={installed}, or "
            f"{HOW_TO_ACCEPT}"
        )
    return f"Fitted with {other}, run by scikit-learn {installed}."


@contextmanager
def add_note(note: str) -> Iterator[None]:
    """Add the note of `check_version` to the message of an ArtifactError, if there is a note."""
    try:
        yield
    except ArtifactError as exc:
        if note and note not in str(exc):
            raise ArtifactError(f"{exc} {note}") from exc
        raise


def check_boosters(fitted: Mapping[str, str], *, allowed: bool) -> list[str]:
    """Return a note for each package of gradient boosting of which another version is installed.

    The packages read the models of their earlier versions. A model of a later version, or of
    another major version, is accepted if the operator allows it.

    Parameters
    ----------
    fitted : mapping of str to str
        The version of each package that wrote a model of the file.
    allowed : bool
        Whether any other version is accepted.

    Raises
    ------
    ArtifactError
        A later or another major version wrote a model, and `allowed` is false.
    """
    notes = []
    for package, version in fitted.items():
        installed = boosters.find_version(package)
        if installed is None or version == installed:
            continue
        if not allowed and not reads_boosters_of(version, installed):
            raise ArtifactError(
                f"The model was fitted with {package} {version}; {package} {installed} is "
                "installed and may return other predictions. Fit it again with "
                f"{package}=={installed}, or {HOW_TO_ACCEPT}"
            )
        notes.append(f"Fitted with {package} {version}, run by {package} {installed}.")
    return notes


def reads_boosters_of(fitted: str, installed: str) -> bool:
    """Return whether a package predicts the same as the version of it that fitted a model.

    A version is assumed to do so for earlier versions with the same major number.
    """
    fitted_numbers, installed_numbers = _parse(fitted), _parse(installed)
    return fitted_numbers[:1] == installed_numbers[:1] and fitted_numbers <= installed_numbers


def _parse(version: str) -> list[int]:
    """Return the numbers of a version."""
    return list(map(int, re.findall(r"\d+", version)[:3]))
