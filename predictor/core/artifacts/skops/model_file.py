"""skops files of estimators, with a card: the signature and the software versions."""

import io
import json
import warnings
import zipfile
from collections.abc import Iterable
from typing import Any, NamedTuple

from predictor.core import boosters
from predictor.core.artifacts import bounds, sklearn_upgrade
from predictor.core.artifacts.skops import (
    booster_nodes,
    container_nodes,
    data_nodes,
    fit_only,
    object_nodes,
    trusted_types,
    zip_archive,
)
from predictor.core.artifacts.skops.audit import (
    PROTOCOL,
    SCHEMA,
    audit,
    check_installed,
    find_booster_versions,
    iter_nodes,
    read_schema,
)
from predictor.core.artifacts.skops.pruning import prune
from predictor.core.artifacts.skops.reader import Reader
from predictor.core.artifacts.skops.writer import CannotBeWritten, Writer
from predictor.core.artifacts.software_versions import (
    add_note,
    check_boosters,
    check_version,
    get_version,
)
from predictor.core.errors import ArtifactError

# Member with the card. A file from the skops package does not have it.
CARD = "predictor.json"

# Key of the card with the parameters that are left out.
LEFT_OUT = "left_out"

# Attributes that request threads or processes, which the server manages.
WORKERS = {"n_jobs": None, "_n_threads": 1}

NODES = (booster_nodes, container_nodes, data_nodes, object_nodes)
READERS = {loader: read for nodes in NODES for loader, read in nodes.READERS.items()}
WRITERS = {name: write for nodes in NODES for name, write in nodes.WRITERS.items()}


class SkopsModel(NamedTuple):
    """Contents of a skops file.

    Parameters
    ----------
    estimator : estimator
    card : dict
    fitted_version : str, optional
        The scikit-learn version that fitted the estimator; None if it is unknown.
    left_out : set of str
        Parameters that only fitting uses, and whose values the file cannot contain.
    booster_versions : dict of str to str
        The version of each package of gradient boosting that fitted a part of the estimator.
    """

    estimator: Any
    card: dict[str, Any]
    fitted_version: str | None
    left_out: set[str]
    booster_versions: dict[str, str]


def dumps(estimator: Any, card: dict[str, Any]) -> bytes:
    """Return an estimator and its card as the bytes of a skops file.

    Values that only fitting uses are left out if a file cannot contain them, see
    `predictor.core.artifacts.skops.fit_only`. The card in the file names them.

    Raises
    ------
    ArtifactError
        The estimator contains an object that cannot be saved.
    """
    writer = Writer(WRITERS)
    try:
        schema = writer.write(estimator)
    except CannotBeWritten as exc:
        raise ArtifactError(f"{type(estimator).__name__} cannot be saved: {exc}") from exc
    left_out = writer.left_out | prune(schema, trusted_types.by_loader())
    left_out |= fit_only.read_names(card.get(LEFT_OUT))
    members = {node["file"] for node in iter_nodes(schema) if "file" in node}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in filter(members.__contains__, writer.members):
            file.writestr(name, writer.members[name])
        file.writestr(SCHEMA, json.dumps(schema | {"protocol": PROTOCOL}))
        file.writestr(CARD, json.dumps(card | {LEFT_OUT: sorted(left_out)}))
    return buffer.getvalue()


def loads(data: bytes, *, trusted: Iterable[str] = (), allow_version: bool = False) -> SkopsModel:
    """Return the contents of a skops file, checked before and after its estimator is built.

    Parameters
    ----------
    data : bytes
    trusted : iterable of str
        Types and functions that the operator adds to the allow-list.
    allow_version : bool
        Whether an estimator of another scikit-learn version is accepted.

    Raises
    ------
    ArtifactError
        The file is damaged or too large; it contains a type, function or attribute that is not
        allowed, or an index out of range; another scikit-learn version fitted its estimator; a
        package of gradient boosting is not installed, or in another version.
    """
    with zip_archive.open_archive(data) as file:
        card = zip_archive.read_json(file, CARD) if CARD in file.namelist() else {}
        schema = read_schema(file)
        for node in iter_nodes(schema):
            sklearn_upgrade.upgrade_node(node)
        left_out = prune(schema, trusted_types.by_loader(trusted))
        nodes = list(iter_nodes(schema))
        fitted_version = _get_version(audit(nodes, trusted), card)
        note = check_version(fitted_version, allowed=allow_version)
        check_installed(nodes)
        booster_versions = find_booster_versions(nodes)
        notes = [note, *check_boosters(booster_versions, allowed=allow_version)]
        note = " ".join(filter(None, notes))
        reader = Reader(file, READERS)
        with add_note(note):
            estimator = _read_object(reader, schema)
    if not hasattr(estimator, "get_params"):
        raise ArtifactError("The file does not contain a scikit-learn estimator.")
    installed = get_version("scikit-learn")
    if fitted_version != installed:
        sklearn_upgrade.upgrade(estimator, fitted_version, installed)
    with add_note(note):
        bounds.check(estimator)
    _reset_workers(estimator)
    left_out |= reader.left_out | fit_only.read_names(card.get(LEFT_OUT))
    return SkopsModel(estimator, card, fitted_version, left_out, booster_versions)


def _read_object(reader: Reader, schema: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of versions, which are checked here
        try:
            return reader.read(schema)
        except ArtifactError:
            raise
        except Exception as exc:
            raise ArtifactError("The parts of the file do not make up an estimator.") from exc


def _get_version(versions: set[str], card: dict[str, Any]) -> str | None:
    """Return the scikit-learn version of a file. Of several versions, return an unsupported one."""
    if versions:
        return min(versions - {get_version("scikit-learn")}, default=get_version("scikit-learn"))
    stated = card.get("fitted_with")
    return stated.get("scikit-learn") if isinstance(stated, dict) else None


def _reset_workers(estimator: Any) -> None:
    """Let the server manage threads and processes. Predictions do not depend on them."""
    for part in bounds.everything(estimator):
        if boosters.get_package(part) and hasattr(part, "get_params"):
            boosters.prepare(part)
        elif hasattr(part, "get_params") and not isinstance(part, type):
            for name, value in WORKERS.items():
                if name in vars(part):
                    setattr(part, name, value)
