"""Files to fitted estimators and back: the only importer of skops.

scikit-learn and skops take seconds to import, so they are imported by what reads or writes a
model, and by nothing else.
"""

import hashlib
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from predictor.core.errors import ArtifactError


def save(estimator: Any, path: Path) -> str:
    """Write a fitted estimator to a skops file, and return the file's SHA-256."""
    import skops.io

    data = skops.io.dumps(estimator)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(data).hexdigest()


def load(path: Path, sha256: str) -> Any:
    """Return the fitted estimator in a skops file.

    Parameters
    ----------
    path : Path
    sha256 : str
        What the file's SHA-256 was when it was registered.

    Raises
    ------
    ArtifactError
        The file is not there, has changed, or holds no estimator of types that are trusted.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    data = read(path, sha256)
    try:
        return skops.io.loads(data)
    except UntrustedTypesFoundException as exc:
        raise ArtifactError(f"{_place(path)} holds types that are not trusted: {exc}") from exc


def read(path: Path, sha256: str) -> bytes:
    """Return the bytes of an artifact, if they are those that were registered.

    Raises
    ------
    ArtifactError
        The file cannot be read, or has changed.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise ArtifactError(f"{_place(path)} cannot be read: {exc.strerror}.") from exc
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ArtifactError(
            f"{_place(path)} is not the file that was registered: its SHA-256 differs."
        )
    return data


def _place(path: Path) -> str:
    """Return where an artifact lies, as far as it is anybody's business."""
    return "/".join(path.parts[-3:])


def fitted_with() -> dict[str, str]:
    """Return the versions of what fits and saves estimators here."""
    packages = ("scikit-learn", "numpy", "skops")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}
