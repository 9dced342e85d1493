"""Writer of the objects in a skops file, compatible with the skops package.

References
----------
https://skops.readthedocs.io/en/stable/persistence.html; the nodes of skops.io, version 2 of the
format.
"""

import io
from collections.abc import Callable, Mapping
from typing import Any

from predictor.core.artifacts.skops.reader import Node


class CannotBeWritten(Exception):
    """An object cannot be described by a node; the message is the cause."""


class Writer:
    """Describe objects by nodes, and collect the members of the archive.

    Parameters
    ----------
    writers : mapping of str to callable
        For the full name of each type, a function that describes an object of it or of a subclass.

    Attributes
    ----------
    members : dict of str to bytes
        The arrays and other data by the names that the nodes contain.
    left_out : set of str
        Parameters that cannot be written and are not needed, such as "GridSearchCV.scoring".
    """

    def __init__(self, writers: Mapping[str, "WriteNode"]) -> None:
        self.writers = writers
        self.members: dict[str, bytes] = {}
        self.left_out: set[str] = set()
        # Identities by address. The object is stored too, so that its address is not reused.
        self._identities: dict[int, tuple[int, Any]] = {}

    def write(self, value: Any) -> Node:
        """Return the node of an object. Each mention of an object has the same identity.

        Raises
        ------
        CannotBeWritten
            The object, or an object in it, cannot be described.
        """
        names = (f"{_get_module(base)}.{base.__qualname__}" for base in type(value).__mro__)
        write_node = next(self.writers[name] for name in names if name in self.writers)
        try:
            return write_node(self, value) | {"__id__": self._get_identity(value)}
        except CannotBeWritten:
            raise
        except Exception as exc:
            raise CannotBeWritten(str(exc)) from exc

    def write_items(self, values: Any) -> list[Node]:
        """Return the nodes of several objects."""
        return [self.write(value) for value in values]

    def write_parts(self, **parts: Any) -> dict[str, Node]:
        """Return the nodes of several objects by their names."""
        return {name: self.write(part) for name, part in parts.items()}

    def write_member(self, value: Any, suffix: str, save: Callable[[io.BytesIO], object]) -> str:
        """Add a member with the data of an object once. Return the name of the member."""
        name = f"{self._get_identity(value)}.{suffix}"
        if name not in self.members:
            buffer = io.BytesIO()
            save(buffer)
            self.members[name] = buffer.getvalue()
        return name

    def _get_identity(self, value: Any) -> int:
        return self._identities.setdefault(id(value), (len(self._identities) + 1, value))[0]


WriteNode = Callable[[Writer, Any], Node]


def make_node(kind: type, loader: str, **fields: Any) -> Node:
    """Return a node of a type."""
    names = {"__class__": kind.__name__, "__module__": _get_module(kind)}
    return names | {"__loader__": loader} | fields


def _get_module(kind: type) -> str:
    """Return the module of a type. scikit-learn 1.8 and older state the losses' without package."""
    return "sklearn._loss._loss" if kind.__module__ == "_loss" else kind.__module__
