"""Conversion between model files and fitted estimators.

Importing scikit-learn takes seconds, so it happens only when a model is read or written.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from predictor.core.artifacts.ingest import IngestedArtifact, ingest, open_artifact
from predictor.core.artifacts.sample_file import read_sample
from predictor.core.artifacts.skops import fit_only, model_file
from predictor.core.artifacts.software_versions import (
    get_installed_versions,
    get_software_versions,
)
from predictor.core.columns import Column
from predictor.core.descriptions import describe_columns, name_classes
from predictor.core.errors import ArtifactError
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature

__all__ = [
    "Dump",
    "IngestedArtifact",
    "dump",
    "get_installed_versions",
    "get_software_versions",
    "ingest",
    "load",
    "open_artifact",
    "read",
    "read_sample",
    "write",
]


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write an artifact, and wait until the disk has it."""
    with Path(path).open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


class Dump(NamedTuple):
    """A skops file in memory.

    Parameters
    ----------
    data : bytes
    signature : Signature
    notes : list of str
        Sentences about the parameters of the estimator that the file does not contain.
    fitted_with : dict of str to str
        Versions of Python, scikit-learn and NumPy, and of the packages of gradient boosting in the
        estimator.
    """

    data: bytes
    signature: Signature
    notes: list[str]
    fitted_with: dict[str, str]


def dump(  # noqa: PLR0913 - each parameter is a choice of the user
    estimator: Any,
    sample: Any = None,
    *,
    columns: Mapping[str, str] | Sequence[Column | str] | None = None,
    class_names: Mapping[Any, str] | None = None,
    description: str = "",
    trusted: Iterable[str] = (),
) -> Dump:
    """Return a skops file with its signature and the software versions.

    Parameters
    ----------
    estimator : estimator
    sample : DataFrame, array, sparse matrix or list of str, optional
        Rows of X as the estimator accepts them.
    columns : mapping of str to str, or sequence of Column or str, optional
        Descriptions of any columns by name. Or a column for each column of X, for an estimator that
        was fitted on an array.
    class_names : mapping of label to str, optional
        Names of any classes.
    description : str
        Description of the model.
    trusted : iterable of str
        Types and functions that the operator of the server adds to the allow-list.

    Raises
    ------
    ArtifactError
        The signature cannot be inferred, or the texts do not fit it; the estimator cannot be saved;
        the saved file cannot be loaded again.
    """
    named = None
    if columns is not None and not isinstance(columns, Mapping):
        named = [Column(each) if isinstance(each, str) else each for each in columns]
    signature = infer_signature(estimator, named, sample)
    if isinstance(columns, Mapping):
        signature = describe_columns(signature, columns)
    if class_names is not None:
        signature = name_classes(signature, class_names)
    card = {
        "signature": signature.to_json(),
        "fitted_with": get_software_versions(),
        "description": description,
    }
    data = model_file.dumps(estimator, card)
    loaded = model_file.loads(data, trusted=trusted)
    fitted_with = get_software_versions() | loaded.booster_versions
    return Dump(data, signature, fit_only.describe(loaded.left_out), fitted_with)


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
        The SHA-256 of the file at registration.
    trusted : iterable of str
        Types and functions that the operator adds to the allow-list.
    allow_version : bool
        Whether an estimator of another scikit-learn version is accepted.

    Raises
    ------
    ArtifactError
        The file is missing; the file has changed; the file is not safe to run, see
        `predictor.core.artifacts.skops.model_file.loads`.
    """
    data = read(path, sha256)
    try:
        return open_artifact(data, trusted=trusted, allow_version=allow_version).estimator
    except ArtifactError as exc:
        raise ArtifactError(f"{_public_path(path)}: {exc}") from exc


def read(path: Path, sha256: str | None = None) -> bytes:
    """Return the bytes of an artifact.

    Raises
    ------
    ArtifactError
        The file cannot be read; its SHA-256 differs from the registered one.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise ArtifactError(f"{_public_path(path)} cannot be read: {exc.strerror}.") from exc
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise ArtifactError(
            f"{_public_path(path)} is not the file that was registered: its SHA-256 differs."
        )
    return data


def _public_path(path: Path) -> str:
    """Return the end of a path. Messages must not show the directories of the server."""
    return "/".join(path.parts[-3:])
