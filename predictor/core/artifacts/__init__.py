"""Files to fitted estimators and back.

scikit-learn takes seconds to import: what reads or writes a model does so, nothing else.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from predictor.core.artifacts.ingest import TakenIn, opened, take_in
from predictor.core.artifacts.sample_file import read_sample
from predictor.core.artifacts.skops import model_file
from predictor.core.artifacts.software_versions import fitted_with
from predictor.core.errors import ArtifactError
from predictor.core.signature import Column, Signature

__all__ = [
    "TakenIn",
    "fitted_with",
    "load",
    "opened",
    "read",
    "read_sample",
    "save",
    "take_in",
]


def save(
    estimator: Any,
    path: str | os.PathLike[str],
    sample: Any = None,
    *,
    columns: Sequence[Column] | None = None,
) -> Signature:
    """Write a fitted estimator to a skops file, with its signature and what fitted it.

    Parameters
    ----------
    estimator : estimator
    path : path
    sample : DataFrame, array, sparse matrix or list of str, optional
        Rows of X as the estimator takes them.
    columns : sequence of Column, optional
        Names and descriptions of the columns, for an estimator that was fitted on an array.

    Raises
    ------
    ArtifactError
        The estimator cannot be described, saved, or loaded again from what was saved.
    """
    signature = Signature.of(estimator, columns, sample)
    card = {"signature": signature.to_json(), "fitted_with": fitted_with()}
    data = model_file.dumps(estimator, card)
    model_file.loads(data)
    with Path(path).open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return signature


def load(
    path: Path,
    sha256: str | None = None,
    *,
    trusted: Iterable[str] = (),
    allow_version: bool = False,
) -> Any:
    """Return the fitted estimator in an artifact.

    Parameters
    ----------
    path : Path
    sha256 : str, optional
        What the file's SHA-256 was when it was registered.
    trusted : iterable of str
        Types and functions that the operator adds to the allow-list.
    allow_version : bool
        Whether an estimator of another scikit-learn is taken.

    Raises
    ------
    ArtifactError
        The file is not there, has changed, or is not safe to run; see
        `predictor.core.artifacts.skops.model_file.loads`.
    """
    data = read(path, sha256)
    try:
        return opened(data, trusted=trusted, allow_version=allow_version).estimator
    except ArtifactError as exc:
        raise ArtifactError(f"{_place(path)}: {exc}") from exc


def read(path: Path, sha256: str | None = None) -> bytes:
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
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise ArtifactError(
            f"{_place(path)} is not the file that was registered: its SHA-256 differs."
        )
    return data


def _place(path: Path) -> str:
    """Return where an artifact lies, as far as it is anybody's business."""
    return "/".join(path.parts[-3:])
