"""Check of the types and functions that a skops file names, before any object is built."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from predictor.core import boosters
from predictor.core.artifacts.skops import trusted_types, zip_archive
from predictor.core.errors import ArtifactError

SCHEMA = "schema.json"

# Supported version of the file format. Files in older versions come from unsupported versions of
# scikit-learn.
PROTOCOL = 2

# Attribute in which scikit-learn stores its version when an estimator is saved.
VERSION = "_sklearn_version"


def read_schema(file: zipfile.ZipFile) -> dict[str, Any]:
    """Return the node of the object in a skops file. Reject other versions of the format."""
    if SCHEMA not in file.namelist():
        raise ArtifactError(f"The archive is not a skops file, because it has no {SCHEMA}.")
    schema = zip_archive.read_json(file, SCHEMA)
    protocol = schema.get("protocol")
    if type(protocol) is not int or protocol != PROTOCOL:
        raise ArtifactError(f"The file is not in version {PROTOCOL} of the skops format.")
    return schema


def audit(nodes: Iterable[dict[str, Any]], trusted: Iterable[str] = ()) -> set[str]:
    """Check the names in all nodes, and return the scikit-learn versions of their estimators.

    Parameters
    ----------
    nodes : iterable of dict
    trusted : iterable of str
        Types and functions that the operator adds to the allow-list.

    Raises
    ------
    ArtifactError
        A type or a function is not allowed; a version cannot be read.
    """
    names, versions = set(), set()
    for node in nodes:
        names.add((node["__loader__"], get_name(node)))
        content = node.get("content")
        if type(content) is dict and VERSION in content:
            versions.add(_read_version(content[VERSION]))
    if rejected := _select_rejected(names, trusted_types.by_loader(trusted)):
        raise ArtifactError(
            "The file contains types or functions that are not allowed: "
            f"{', '.join(sorted(rejected))}.{trusted_types.explain_setting(rejected)}"
        )
    return versions


def find_rejected(schema: Any, allowed: dict[str, set[str]]) -> set[str]:
    """Return the names in a part of a schema that are not allowed."""
    names = {(node["__loader__"], get_name(node)) for node in iter_nodes(schema)}
    return _select_rejected(names, allowed)


def _select_rejected(names: set[tuple[str, str]], allowed: dict[str, set[str]]) -> set[str]:
    return {name for loader, name in names if not _is_allowed(loader, name, allowed)}


def check_installed(nodes: Iterable[dict[str, Any]]) -> None:
    """Check that the packages of gradient boosting that nodes name are installed.

    Raises
    ------
    ArtifactError
        A package is not installed.
    """
    names = set(map(get_name, nodes))
    for name in sorted(names & (trusted_types.BOOSTED | trusted_types.BOOSTERS)):
        package = name.partition(".")[0]
        if boosters.find_version(package) is None:
            raise ArtifactError(
                f"The model contains {name}, but {package} is not installed. On the server, run: "
                f"pip install 'mlsite[{package}]'."
            )


def find_booster_versions(nodes: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the version of each package that wrote a model of gradient boosting in nodes."""
    return {
        get_name(node).partition(".")[0]: str(node["version"])
        for node in nodes
        if node["__loader__"] == "BoosterNode" and "version" in node
    }


def iter_nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the node of each object, in no particular order."""
    pending: list[Any] = [schema]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("__loader__"), str):
                yield value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def get_name(node: dict[str, Any]) -> str:
    """Return the full name of a node's type or function."""
    return f"{node.get('__module__')}.{node.get('__class__')}"


def _read_version(node: Any) -> str:
    try:
        return str(json.loads(node["content"]))
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        raise ArtifactError("The file has a scikit-learn version that cannot be read.") from exc


def _is_allowed(loader: str, name: str, allowed: dict[str, set[str]]) -> bool:
    if loader in trusted_types.CALLING or name in trusted_types.CALLERS:
        return False
    if name in allowed.get(loader, ()):
        return True
    if loader == "ObjectNode":
        return trusted_types.is_estimator(name)
    return loader == "FunctionNode" and (
        trusted_types.is_ufunc(name) or trusted_types.is_metric(name)
    )
