"""Conversion of a model file of any supported format to the artifact that the registry stores."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from predictor.core.artifacts import mlflow, restricted_pickle
from predictor.core.artifacts.onnx.audit import audit
from predictor.core.artifacts.onnx.estimator import build
from predictor.core.artifacts.skops import fit_only, model_file, zip_archive
from predictor.core.artifacts.software_versions import add_note, check_boosters, check_version
from predictor.core.artifacts.stated_signature import read_signature
from predictor.core.columns import Column
from predictor.core.errors import ArtifactError
from predictor.core.served_methods import get_methods
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature

SKOPS, ONNX, MLFLOW, PICKLE = "skops", "onnx", "mlflow", "pickle"

# First bytes of a zip archive, and of a pickle of any protocol.
ZIP_START = b"PK"
PICKLE_START = re.compile(rb"\x80[\x01-\x05]|\(|c[A-Za-z_][\w.]*\n")
MAX_DESCRIPTION_LENGTH = 2000
PICKLE_SUFFIXES = (".pkl", ".pickle", ".joblib", ".sav")


@dataclass(frozen=True)
class OpenedArtifact:
    """A fitted estimator that was read from an artifact.

    Parameters
    ----------
    estimator : estimator
    file_format : {"skops", "onnx"}
    data : bytes
        The bytes to store: those of the file, or for ONNX those that its audit returned.
    card : dict
        Metadata in the file: its signature, and the versions of the software that fitted it.
    fitted_version : str, optional
        The scikit-learn version that fitted the estimator; None if it is unknown.
    left_out : collection of str
        Parameters that only fitting uses, and whose values the file cannot contain.
    booster_versions : dict of str to str
        The version of each package of gradient boosting that fitted a part of the estimator.
    """

    estimator: Any
    file_format: str
    data: bytes = field(repr=False)
    card: Mapping[str, Any] = field(default_factory=dict)
    fitted_version: str | None = None
    left_out: Collection[str] = ()
    booster_versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class IngestedArtifact:
    """An artifact to store, and its metadata.

    Parameters
    ----------
    estimator : estimator
    data : bytes
        The content of the artifact.
    file_format : {"skops", "onnx"}
    source : {"skops", "onnx", "mlflow", "pickle"}
        Format of the original file.
    sha256 : str
    signature : Signature
    fitted_with : dict of str to str
        Versions of the software that fitted the estimator, as far as they are known.
    notes : tuple of str
        One sentence for each conversion or exception.
    description : str
        Description of the model in the file.
    """

    estimator: Any = field(repr=False)
    data: bytes = field(repr=False)
    file_format: str
    source: str
    sha256: str
    signature: Signature
    fitted_with: Mapping[str, str]
    notes: tuple[str, ...] = ()
    description: str = ""


def open_artifact(
    data: bytes, *, trusted: Iterable[str] = (), allow_version: bool = False
) -> OpenedArtifact:
    """Return the estimator in the bytes of a skops or ONNX file.

    Raises
    ------
    ArtifactError
        The bytes are in neither format; the file is not safe to run.
    """
    if not data or data.startswith(ZIP_START) or PICKLE_START.match(data):
        model = model_file.loads(data, trusted=trusted, allow_version=allow_version)
        return OpenedArtifact(
            model.estimator,
            SKOPS,
            data,
            model.card,
            model.fitted_version,
            model.left_out,
            model.booster_versions,
        )
    audited = audit(data)
    return OpenedArtifact(build(audited), ONNX, audited.data)


def ingest(  # noqa: PLR0913 - each parameter is a choice of the operator
    data: bytes,
    name: str,
    *,
    sample: Any = None,
    columns: Sequence[Column] | None = None,
    trusted: Iterable[str] = (),
    allow_version: bool = False,
    allow_pickle: bool = False,
) -> IngestedArtifact:
    """Return the artifact of a model file of any format.

    The artifact of a skops file is the same file, byte for byte; of an ONNX file, the audited
    message; of an MLflow model, its skops file; of a pickle or joblib file, a new skops file.

    Parameters
    ----------
    data : bytes
        The content of the file.
    name : str
        The name of the file, whose suffix can mark a pickle.
    sample : DataFrame, array, sparse matrix or list of str, optional
        Rows of X as the estimator accepts them.
    columns : sequence of Column, optional
        Names and descriptions of the columns, for an estimator that was fitted on an array.
    trusted : iterable of str
        Types and functions that the operator adds to the allow-list.
    allow_version : bool
        Whether an estimator of another scikit-learn version is accepted.
    allow_pickle : bool
        Whether a pickle or joblib file is accepted.

    Raises
    ------
    ArtifactError
        The file cannot be read; it is not safe to run, or not allowed; its estimator cannot be
        served.
    """
    source_format, data, notes = _convert(
        data, name, trusted, allow_pickle=allow_pickle, allow_version=allow_version
    )
    with add_note(next((note for note in notes if note.startswith("Fitted with ")), "")):
        artifact = open_artifact(data, trusted=trusted, allow_version=allow_version)
    if artifact.file_format == SKOPS and source_format != PICKLE:
        note = check_version(artifact.fitted_version, allowed=True)
        notes += [note] if note else []
        notes += check_boosters(artifact.booster_versions, allowed=True)
    notes += fit_only.describe(artifact.left_out)
    signature = _get_signature(artifact, columns, sample)
    return IngestedArtifact(
        estimator=artifact.estimator,
        data=artifact.data,
        file_format=artifact.file_format,
        source=source_format if source_format != SKOPS else artifact.file_format,
        sha256=hashlib.sha256(artifact.data).hexdigest(),
        signature=signature,
        fitted_with=_get_fitted_with(artifact),
        notes=tuple(notes),
        description=str(artifact.card.get("description", ""))[:MAX_DESCRIPTION_LENGTH],
    )


def _convert(
    data: bytes, name: str, trusted: Iterable[str], *, allow_pickle: bool, allow_version: bool
) -> tuple[str, bytes, list[str]]:
    """Return the format of a file ("skops" may also be ONNX), its artifact's bytes, and notes."""
    if data.startswith(ZIP_START):
        with zip_archive.open_archive(data) as file:
            is_mlflow = mlflow.holds_model(file.namelist())
        return (MLFLOW, mlflow.from_zip(data), []) if is_mlflow else (SKOPS, data, [])
    if PurePath(name).suffix not in PICKLE_SUFFIXES and not PICKLE_START.match(data):
        return SKOPS, data, []
    if not allow_pickle:
        raise ArtifactError(
            "Pickles can execute code. Save the model with predictor.core.save instead. "
            "Only a command on the server reads pickles: `register NAME FILE --allow-pickle`."
        )
    model = restricted_pickle.load(data, trusted)
    note = check_version(model.version, allowed=allow_version)
    card = {
        "fitted_with": {"scikit-learn": model.version},
        model_file.LEFT_OUT: sorted(model.left_out),
    }
    data = model_file.dumps(model.estimator, card)
    return PICKLE, data, [note, *model.notes] if note else model.notes


def _get_fitted_with(artifact: OpenedArtifact) -> dict[str, str]:
    stated = artifact.card.get("fitted_with")
    if not isinstance(stated, dict):
        stated = {"scikit-learn": artifact.fitted_version} if artifact.fitted_version else {}
    versions = {**stated, **artifact.booster_versions}
    return {str(name)[:40]: str(version)[:40] for name, version in versions.items()}


def _get_signature(
    artifact: OpenedArtifact, columns: Sequence[Column] | None, sample: Any
) -> Signature:
    """Return the signature in the file, unless there is a reason to infer it again."""
    stated = artifact.card.get("signature")
    can_be_served = bool(get_methods(artifact.estimator))
    if stated is None or sample is not None or columns is not None or not can_be_served:
        return infer_signature(artifact.estimator, columns, sample)
    return read_signature(stated, artifact.estimator)
