"""skops files: the estimator as data, with its signature and what fitted it beside it."""

import io
import json
import warnings
import zipfile
from collections.abc import Iterable
from typing import Any, NamedTuple

from predictor.core.artifacts import bounds
from predictor.core.artifacts.skops import zip_archive
from predictor.core.artifacts.skops.audit import PROTOCOL, SCHEMA, Schema
from predictor.core.artifacts.skops.reader import Builder
from predictor.core.artifacts.skops.writer import Writer
from predictor.core.artifacts.software_versions import check_version, version
from predictor.core.errors import ArtifactError

# The archive's member that says what skops does not: a file without it is a skops file as well.
CARD = "predictor.json"

# What is not fitted but asks a server for threads and processes of its own.
WORKERS = {"n_jobs": None, "_n_threads": 1}


class Native(NamedTuple):
    """What a skops file holds."""

    estimator: Any
    card: dict[str, Any]
    fitted: str | None


def dumps(estimator: Any, card: dict[str, Any]) -> bytes:
    """Return an estimator and its card as the bytes of a skops file.

    Raises
    ------
    ArtifactError
        Something that the estimator holds cannot be written.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        try:
            schema = Writer(file).write(estimator) | {"protocol": PROTOCOL}
            file.writestr(SCHEMA, json.dumps(schema))
        except Exception as exc:
            raise ArtifactError(f"{type(estimator).__name__} cannot be saved: {exc}") from exc
        file.writestr(CARD, json.dumps(card))
    return buffer.getvalue()


def loads(data: bytes, *, trusted: Iterable[str] = (), allow_version: bool = False) -> Native:
    """Return what the bytes of a skops file hold, checked before and after it is built.

    Parameters
    ----------
    data : bytes
    trusted : iterable of str
        Types and functions that the operator adds to the allow-list.
    allow_version : bool
        Whether an estimator of another scikit-learn is taken.

    Raises
    ------
    ArtifactError
        The file is damaged, too large, holds what is not allowed or points outside of itself, or
        was fitted by another scikit-learn.
    """
    with zip_archive.opened(data) as file:
        card, schema = _card(file), Schema(file)
        fitted = _fitted(_checked(schema, trusted), card)
        check_version(fitted, allowed=allow_version)
        estimator = _built(schema)
    if not hasattr(estimator, "get_params"):
        raise ArtifactError("The file holds no estimator.")
    bounds.check(estimator)
    _settle(estimator)
    return Native(estimator, card, fitted)


def _checked(schema: Schema, trusted: Iterable[str]) -> set[str]:
    """Check what a file builds, and return the versions that fitted it."""
    try:
        schema.check(trusted)
        return schema.sklearn_versions()
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise ArtifactError("The file's schema describes no object.") from exc


def _fitted(versions: set[str], card: dict[str, Any]) -> str | None:
    """Return the scikit-learn that fitted a file; another than this one where there are several."""
    others = sorted(versions - {version("scikit-learn")})
    if versions:
        return others[0] if others else version("scikit-learn")
    stated = card.get("fitted_with")
    return stated.get("scikit-learn") if isinstance(stated, dict) else None


def _built(schema: Schema) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the version was looked at
        try:
            return Builder(schema.file).build(schema.root)
        except ArtifactError:
            raise
        except Exception as exc:
            raise ArtifactError("The file's parts do not make an estimator.") from exc


def _card(file: zipfile.ZipFile) -> dict[str, Any]:
    if CARD not in file.namelist():
        return {}
    try:
        card = json.loads(zip_archive.read(file, CARD))
    except (ValueError, RecursionError) as exc:
        raise ArtifactError("The file's signature is not JSON that can be read.") from exc
    if not isinstance(card, dict):
        raise ArtifactError("The file's signature is not an object.")
    return card


def _settle(estimator: Any) -> None:
    """Leave threads and processes to the server: they change no answer, only its time."""
    for held in bounds.everything(estimator):
        if hasattr(held, "get_params") and not isinstance(held, type):
            for name, value in WORKERS.items():
                if name in vars(held):
                    setattr(held, name, value)
