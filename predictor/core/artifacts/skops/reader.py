"""Reader of the objects in a skops file.

The format is that of the skops package. That package imports all of scikit-learn; this reader
imports only the modules that a file names.

References
----------
https://skops.readthedocs.io/en/stable/persistence.html; the nodes of skops.io, version 2 of the
format.
"""

import zipfile
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from predictor.core.artifacts.skops import zip_archive
from predictor.core.artifacts.skops.callables import CallableFinder
from predictor.core.errors import ArtifactError

Node = dict[str, Any]

# Marks an object that is being built. skops writes no object that contains itself.
UNFINISHED = object()


class Reader:
    """Build the objects of nodes that `predictor.core.artifacts.skops.audit.audit` accepted.

    The functions in `readers` check callables, attributes and arrays on the objects. Two nodes can
    have the same identity and different contents, so a check of the nodes would not be sufficient.

    Parameters
    ----------
    file : ZipFile
        The archive that contains the arrays.
    readers : mapping of str to callable
        For each loader, a function that builds the object of a node.
    max_bytes : int
        Maximum size of all data that is read from members of the archive.

    Attributes
    ----------
    left_out : set of str
        Parameters whose value was replaced by its default, such as "SGDClassifier.eta0".
    """

    def __init__(
        self,
        file: zipfile.ZipFile,
        readers: Mapping[str, "ReadNode"],
        max_bytes: int = zip_archive.MAX_BYTES,
    ) -> None:
        self.file = file
        self.readers = readers
        self.remaining_bytes = max_bytes
        self.callables = CallableFinder()
        self.left_out: set[str] = set()
        self._objects: dict[Any, Any] = {}

    def read(self, node: Node) -> Any:
        """Return the object of a node. Nodes with the same identity share one object.

        A node whose contents do not match its type raises an exception of any type.
        """
        read_node, identity = self.readers[node["__loader__"]], node.get("__id__")
        if not identity:
            return read_node(self, node)
        if identity not in self._objects:
            self._objects[identity] = UNFINISHED
            self._objects[identity] = read_node(self, node)
        if self._objects[identity] is UNFINISHED:
            raise ValueError("An object in the file contains itself.")
        return self._objects[identity]

    def read_items(self, node: Node) -> list[Any]:
        """Return the objects in a node's content, in order."""
        return list(map(self.read, node["content"]))

    def read_parts(self, node: Node, *names: str) -> list[Any]:
        """Return the objects under some names of a node's content."""
        return [self.read(node["content"][name]) for name in names]

    def read_member(self, node: Node) -> bytes:
        """Return the bytes of the member of the archive that a node names."""
        data = zip_archive.read(self.file, node["file"])
        self.count_bytes(len(data))
        return data

    def count_bytes(self, size: int) -> None:
        """Subtract a size from the number of bytes that may be read."""
        self.remaining_bytes -= size
        if self.remaining_bytes < 0:
            raise ArtifactError("The arrays in the file take more memory than is allowed.")


ReadNode = Callable[[Reader, Node], Any]


def import_name(node: Node) -> Any:
    """Return the type or function that a node names.

    Raises
    ------
    ArtifactError
        There is no such module or name, although a name in TRUSTED_TYPES allows it.
    """
    try:
        return getattr(import_module(node["__module__"]), node["__class__"])
    except (ImportError, AttributeError) as exc:
        raise ArtifactError(
            f"{node['__module__']}.{node['__class__']} cannot be imported. The server must be able "
            "to import every name in TRUSTED_TYPES."
        ) from exc


def import_type(node: Node) -> Any:
    """Return the type that a node names. A name in TRUSTED_TYPES can also be a function."""
    kind = import_name(node)
    if not isinstance(kind, type):
        raise ArtifactError("An object in the file names a function instead of its type.")
    return kind
