"""Files of every kind that is read, made into the artifact that is kept."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from predictor.core import introspection
from predictor.core.artifacts import mlflow, restricted_pickle
from predictor.core.artifacts.onnx.audit import audit
from predictor.core.artifacts.onnx.estimator import build
from predictor.core.artifacts.skops import model_file, zip_archive
from predictor.core.artifacts.software_versions import check_version
from predictor.core.coercion import TAKERS
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.input_builders import CONTAINERS, FRAME
from predictor.core.signature import Column, Signature

SKOPS, ONNX = "skops", "onnx"

# How files begin: archives, and pickles of every protocol, which are told so.
ARCHIVE = b"PK"
PICKLES = re.compile(rb"\x80[\x01-\x05]|\(|c[A-Za-z_][\w.]*\n")
PICKLE_SUFFIXES = (".pkl", ".pickle", ".joblib", ".sav")


@dataclass(frozen=True)
class Opened:
    """A fitted estimator out of an artifact.

    Parameters
    ----------
    estimator : estimator
    form : {"skops", "onnx"}
    data : bytes
        The bytes that were read: those of the file, or for ONNX those that its audit returned.
    card : dict
        What the file says of itself: its signature, and the versions that fitted it.
    fitted : str, optional
        The scikit-learn that fitted it, as far as it is known.
    """

    estimator: Any
    file_format: str
    data: bytes = field(repr=False)
    card: Mapping[str, Any] = field(default_factory=dict)
    fitted: str | None = None


@dataclass(frozen=True)
class TakenIn:
    """An artifact that was written, and what is known of it.

    Parameters
    ----------
    estimator : estimator
    path : Path
        Where it was written; its suffix is its form's.
    form : {"skops", "onnx"}
    source : {"skops", "onnx", "mlflow", "pickle"}
        What it was made of.
    sha256 : str
    size : int
        In bytes.
    signature : Signature
    fitted_with : dict of str to str
        The versions of what fitted it, as far as they are known.
    notes : tuple of str
        What was changed or allowed on the way, a sentence each.
    """

    estimator: Any = field(repr=False)
    path: Path
    file_format: str
    source: str
    sha256: str
    size: int
    signature: Signature
    fitted_with: Mapping[str, str]
    notes: tuple[str, ...] = ()


def opened(data: bytes, *, trusted: Iterable[str] = (), allow_version: bool = False) -> Opened:
    """Return what the bytes of a skops or ONNX file hold.

    Raises
    ------
    ArtifactError
        They are neither, or not safe to run.
    """
    if not data or data.startswith(ARCHIVE) or PICKLES.match(data):
        found = model_file.loads(data, trusted=trusted, allow_version=allow_version)
        return Opened(found.estimator, SKOPS, data, found.card, found.fitted)
    audited = audit(data)
    return Opened(build(audited), ONNX, audited.data)


def take_in(  # noqa: PLR0913 - the choices that whoever registers a file has
    source: Path,
    directory: Path,
    *,
    sample: Any = None,
    columns: Sequence[Column] | None = None,
    trusted: Iterable[str] = (),
    allow_version: bool = False,
    allow_pickle: bool = False,
) -> TakenIn:
    """Read a file of any kind, and write the artifact that is kept of it.

    A skops file is kept byte for byte. Of an ONNX file the audited message is kept. Of a model of
    MLflow its skops file is kept. A pickle or joblib file is made into a skops file.

    Parameters
    ----------
    source : Path
        A file, or a model directory of MLflow.
    directory : Path
        Where `model.skops` or `model.onnx` is written.
    sample : DataFrame, array, sparse matrix or list of str, optional
        Rows of X as the estimator takes them.
    columns : sequence of Column, optional
        Names and descriptions of the columns, for an estimator that was fitted on an array.
    trusted : iterable of str
        Types and functions that the operator adds to the allow-list.
    allow_version : bool
        Whether an estimator of another scikit-learn is taken.
    allow_pickle : bool
        Whether a pickle or joblib file is taken.

    Raises
    ------
    ArtifactError
        The file is not safe to run, or not allowed, or no estimator that can be served.
    """
    kind, data, notes = _read(source, allow_pickle=allow_pickle, allow_version=allow_version)
    found = opened(data, trusted=trusted, allow_version=allow_version)
    versions = _versions(found)
    if found.file_format == SKOPS and kind != "pickle":
        note = check_version(found.fitted, allowed=True)
        notes += [note] if note else []
    signature = _signature(found, columns, sample)
    path = directory / f"model.{found.file_format}"
    _write(path, found.data)
    return TakenIn(
        estimator=found.estimator,
        path=path,
        file_format=found.file_format,
        source=kind if kind != SKOPS else found.file_format,
        sha256=hashlib.sha256(found.data).hexdigest(),
        size=len(found.data),
        signature=signature,
        fitted_with=versions,
        notes=tuple(notes),
    )


def _read(source: Path, *, allow_pickle: bool, allow_version: bool) -> tuple[str, bytes, list[str]]:
    """Return what kind of file it is, the bytes to keep, and what was changed."""
    if source.is_dir():
        return "mlflow", mlflow.from_directory(source), []
    try:
        data = source.read_bytes()
    except OSError as exc:
        raise ArtifactError(f"{source.name} cannot be read: {exc.strerror}.") from exc
    if data.startswith(ARCHIVE):
        with zip_archive.opened(data) as file:
            described = mlflow.holds_model(file.namelist())
        return ("mlflow", mlflow.from_zip(data), []) if described else (SKOPS, data, [])
    pickled = source.suffix in PICKLE_SUFFIXES or PICKLES.match(data) is not None
    if not pickled:
        return SKOPS, data, []
    if not allow_pickle:
        raise ArtifactError("A pickle can run anything: only `register --allow-pickle` takes it.")
    estimator, notes, fitted = restricted_pickle.load(source)
    if note := check_version(fitted, allowed=allow_version):
        notes.insert(0, note)
    return "pickle", model_file.dumps(estimator, {"fitted_with": {"scikit-learn": fitted}}), notes


def _versions(found: Opened) -> dict[str, str]:
    stated = found.card.get("fitted_with")
    if isinstance(stated, dict):
        return {str(name)[:40]: str(value)[:40] for name, value in stated.items()}
    return {"scikit-learn": found.fitted} if found.fitted else {}


def _signature(found: Opened, columns: Sequence[Column] | None, sample: Any) -> Signature:
    """Return the signature by the sample; without one that in the file, if it agrees."""
    estimator, stated = found.estimator, found.card.get("signature")
    methods = introspection.methods(estimator)
    if sample is not None or columns is not None or stated is None or not methods:
        return Signature.of(estimator, columns, sample)
    names = [column.name for column in introspection.columns(estimator)]
    try:
        signature = Signature.from_json(stated)
        agrees = (
            signature.methods == methods
            and signature.classes == introspection.classes(estimator)
            and signature.container in CONTAINERS
            and len(set(signature.names)) == len(names) == len(signature.columns)
            and (signature.container != FRAME or signature.names == names)
            and all(map(_is_sound, signature.columns))
        )
        signature.example_rows()
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInput) as exc:
        raise ArtifactError("The signature in the file is not one.") from exc
    if not agrees:
        raise ArtifactError("The signature in the file is not that of its estimator.")
    return signature


def _is_sound(column: Column) -> bool:
    words = (column.name, column.description, column.dtype)
    return all(isinstance(word, str) for word in words) and column.kind in TAKERS


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
