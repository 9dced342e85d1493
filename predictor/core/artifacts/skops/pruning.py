"""Removal of values from a skops file that only fitting uses and that a file must not contain."""

import json
from collections.abc import Iterator
from typing import Any

from predictor.core.artifacts.skops import fit_only
from predictor.core.artifacts.skops.audit import find_rejected, get_name, iter_nodes

Node = dict[str, Any]

# Columns can be a function, which fitting calls. The fitted `transformers_` contain its result.
COLUMN_TRANSFORMER = "sklearn.compose._column_transformer.ColumnTransformer"
STEP_LENGTH, COLUMNS = 3, 2


def prune(schema: Node, allowed: dict[str, set[str]]) -> set[str]:
    """Replace the values that only fitting uses, if their nodes name anything that is not allowed.

    A replaced node is never read, so that its content does not matter.

    Parameters
    ----------
    schema : dict
    allowed : dict of str to set of str
        The names that are allowed under each loader.

    Returns
    -------
    set of str
        The parameters that are left out, such as "GridSearchCV.scoring".
    """
    left_out = set()
    for node in iter_nodes(schema):
        for name, container, key, replacement in _find_values(node):
            if find_rejected(container[key], allowed):
                container[key] = _make_json_node(replacement)
                left_out.add(f"{node.get('__class__')}.{name}")
    return left_out


def _find_values(node: Node) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield the values of an object that only fitting uses.

    Yields the name of each value, the container and the key of its node, and the replacement.
    """
    state = node.get("content")
    values = state.get("content") if isinstance(state, dict) else None
    if node["__loader__"] != "ObjectNode" or not isinstance(values, dict):
        return
    module = str(node.get("__module__"))
    for name in fit_only.NAMES & values.keys():
        if fit_only.is_fit_only(module, name) and not _is_json(values[name]):
            yield name, values, name, fit_only.REPLACEMENTS.get(name)
    if get_name(node) == COLUMN_TRANSFORMER:
        for step in _get_items(values.get("transformers")):
            if len(items := _get_items(step)) == STEP_LENGTH:
                yield "transformers", items, COLUMNS, []


def _is_json(node: Any) -> bool:
    """Return whether a node is a value in JSON, which contains no other nodes."""
    return isinstance(node, dict) and node.get("__loader__") == "JsonNode"


def _get_items(node: Any) -> list[Any]:
    """Return the nodes in a list or tuple; an empty list for anything else."""
    items = node.get("content") if isinstance(node, dict) else None
    return items if isinstance(items, list) else []


def _make_json_node(value: Any) -> Node:
    names = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}
    return names | {"content": json.dumps(value), "is_json": True}
