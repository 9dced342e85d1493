"""Which versions fitted an estimator, and whether this one may run it."""

import platform
from functools import cache
from importlib import metadata

from predictor.core.errors import ArtifactError

PACKAGES = ("scikit-learn", "numpy")


# Looked up in the installed packages' files.
version = cache(metadata.version)


def fitted_with() -> dict[str, str]:
    """Return the versions of what fits and saves estimators here."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def check_version(fitted: str | None, *, allowed: bool) -> str:
    """Return a note if another scikit-learn fitted an estimator.

    Parameters
    ----------
    fitted : str, optional
        The version that fitted it; None where that is not known.
    allowed : bool
        Whether another version is taken.

    Raises
    ------
    ArtifactError
        It is another one, and not allowed.
    """
    here = version("scikit-learn")
    if fitted == here:
        return ""
    other = f"scikit-learn {fitted}" if fitted else "an unknown version of scikit-learn"
    if not allowed:
        raise ArtifactError(
            f"The model was fitted with {other}; this is scikit-learn {here}, whose answers may "
            "differ. Fit it again, or allow other versions."
        )
    return f"Fitted with {other}, run by scikit-learn {here}."
