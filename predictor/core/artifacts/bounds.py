"""Checks of the indices in a loaded estimator.

scikit-learn's compiled code follows indices, such as the child of a tree node or the label of a
neighbour, without a check of its own. A crafted file could make it read memory out of bounds.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from predictor.core.artifacts.bounds_linear import CHECKS as LINEAR
from predictor.core.artifacts.bounds_neighbors import CHECKS as NEIGHBORS
from predictor.core.artifacts.bounds_trees import CHECKS as TREES
from predictor.core.artifacts.bounds_trees import Rule
from predictor.core.errors import ArtifactError

# For the full name of each class, its check, and the attribute that a fitted object has. An object
# that is not fitted runs no compiled code. Full names avoid the import of the classes.
CHECKS = TREES | NEIGHBORS | LINEAR

PLAIN = (str, bytes, int, float, bool, type(None), complex)


def check(estimator: Any) -> None:
    """Check an estimator and all objects in it.

    Raises
    ------
    ArtifactError
        An index is out of range; an attribute has an unexpected type or shape.
    """
    for item in everything(estimator):
        if not all(_passes(rule, item) for rule in _get_rules(item)):
            raise ArtifactError(
                f"A {type(item).__name__} in the file has indices or shapes that do not match."
            )


def _passes(rule: Rule, item: Any) -> object:
    try:
        return rule(item)
    except ArtifactError:
        raise
    except Exception as exc:
        raise ArtifactError(f"A {type(item).__name__} in the file is incomplete.") from exc


def _get_rules(item: Any) -> Iterator[Rule]:
    for kind in type(item).__mro__:
        attribute, rule = CHECKS.get(f"{kind.__module__}.{kind.__qualname__}", ("", None))
        if rule is not None and (not attribute or hasattr(item, attribute)):
            yield rule


def everything(root: Any) -> Iterator[Any]:
    """Yield an object and all objects in it, each once."""
    pending, seen = [root], {}
    while pending:
        item = pending.pop()
        if isinstance(item, PLAIN) or id(item) in seen:
            continue
        seen[id(item)] = item  # the reference prevents reuse of the identity
        yield item
        pending.extend(_get_contents(item))


def _get_contents(item: Any) -> Iterator[Any]:
    if isinstance(item, np.ndarray):
        if item.dtype == object:
            yield from item.ravel().tolist()
    elif isinstance(item, dict):
        yield from item.keys()
        yield from item.values()
    elif isinstance(item, list | tuple | set):
        yield from item
    elif not isinstance(item, type):
        yield from getattr(item, "__dict__", {}).values()
        if hasattr(item, "func"):  # a partial function
            yield from (item.func, getattr(item, "args", ()), getattr(item, "keywords", {}))
        if hasattr(item, "dist_metric") or type(item).__name__.startswith(("KDTree", "BallTree")):
            yield from item.__getstate__()
