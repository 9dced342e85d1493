"""What a skops file says it holds, checked against the allow-list before anything is built."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from predictor.core.artifacts.skops import trusted_types, zip_archive
from predictor.core.errors import ArtifactError

SCHEMA = "schema.json"

# Where an estimator of scikit-learn says what fitted it.
VERSION = "_sklearn_version"

# The version of the file format that is read; older files were written for other versions of
# scikit-learn anyway.
PROTOCOL = 2

BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")


class Schema:
    """The description of the object in a skops file.

    Parameters
    ----------
    file : ZipFile
        An archive that `predictor.core.artifacts.skops.zip_archive.opened` returned.
    """

    def __init__(self, file: zipfile.ZipFile) -> None:
        self.file = file
        if SCHEMA not in file.namelist():
            raise ArtifactError("The archive is not a skops file: it has no schema.")
        try:
            self.root = json.loads(zip_archive.read(file, SCHEMA))
        except (ValueError, RecursionError) as exc:
            raise ArtifactError("The file's schema is not JSON that can be read.") from exc
        if type(self.root) is not dict:
            raise ArtifactError("The file's schema describes no object.")
        if type(protocol := self.root.get("protocol")) is not int or protocol != PROTOCOL:
            raise ArtifactError(f"The file is not of version {PROTOCOL} of the skops format.")

    def check(self, extra: Iterable[str] = ()) -> None:
        """Check everything that the file builds.

        Raises
        ------
        ArtifactError
            A type or a function is outside the lists; the file's parts are missing, damaged,
            pickled, or larger than they say.
        """
        lists = trusted_types.by_loader(extra)
        refused, seen = set(), set()
        budget = zip_archive.MOST_BYTES
        for node in self.nodes():
            loader, name = node["__loader__"], _name(node)
            if not _is_allowed(loader, name, lists):
                refused.add(name)
            if loader == "RandomGeneratorNode":
                _check_generator(node)
            read = (node.get("__id__"), node.get("file"), loader)
            if "file" in node and read not in seen:
                budget -= self._checked_size(node, budget)
                if node.get("__id__"):  # what has no identity is read once for each mention
                    seen.add(read)
        if refused:
            raise ArtifactError(
                f"It holds types or functions that are not allowed: {', '.join(sorted(refused))}."
            )

    def nodes(self) -> Iterator[dict[str, Any]]:
        """Yield the description of each object, in no particular order."""
        waiting = [self.root]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                if isinstance(value.get("__loader__"), str):
                    yield value
                waiting.extend(value.values())
            elif isinstance(value, list):
                waiting.extend(value)

    def sklearn_versions(self) -> set[str]:
        """Return the versions of scikit-learn that fitted what is in the file."""
        contents = [node.get("content") for node in self.nodes()]
        stated = [c[VERSION] for c in contents if type(c) is dict and VERSION in c]
        return {str(json.loads(version["content"])) for version in stated}

    def _checked_size(self, node: dict[str, Any], budget: int) -> int:
        """Return how many bytes a node's array or matrix takes, after a look at its header."""
        data = zip_archive.read(self.file, node["file"])
        if len(data) > budget:
            raise ArtifactError("Its arrays take more memory than is allowed.")
        if node["__loader__"] == "NdArrayNode":
            zip_archive.check_npy(data)
        elif node["__loader__"] == "SparseMatrixNode":
            return zip_archive.check_npz(data, budget)
        return len(data)


def _name(node: dict[str, Any]) -> str:
    return f"{node.get('__module__')}.{node.get('__class__')}"


def _is_allowed(loader: str, name: str, lists: dict[str, set[str]]) -> bool:
    if loader in trusted_types.CALLING or name in trusted_types.CALLERS:
        return False
    if name in lists.get(loader, ()):
        return True
    if loader == "ObjectNode":
        return trusted_types.is_estimator(name)
    return loader == "FunctionNode" and (
        trusted_types.is_ufunc(name) or trusted_types.is_metric(name)
    )


def _check_generator(node: dict[str, Any]) -> None:
    """Check which class of numpy.random a generator's state names, for skops calls it."""
    try:
        state = node["content"]["bit_generator"]["content"]
        name = json.loads(state["bit_generator"]["content"])
    except (KeyError, TypeError, ValueError) as exc:
        raise ArtifactError("A random generator in the file is damaged.") from exc
    if name not in BIT_GENERATORS:
        raise ArtifactError("A random generator in the file is of no kind that NumPy has.")
