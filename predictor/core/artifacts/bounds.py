"""Checks that what compiled code indexes by stays inside what it indexes.

A file's types may be right and its contents crafted: scikit-learn's compiled code follows the
child of a tree's node, or a neighbour's label, without looking. So everything that a loaded
estimator holds is visited once, and each object that compiled code will read is checked.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from predictor.core.artifacts.bounds_linear import CHECKS as LINEAR
from predictor.core.artifacts.bounds_neighbors import CHECKS as NEIGHBORS
from predictor.core.artifacts.bounds_trees import CHECKS as TREES
from predictor.core.artifacts.bounds_trees import Rule
from predictor.core.errors import ArtifactError

# Classes by their full names, so that looking for them imports none; for each, the attribute
# without which it is not fitted, and its check.
CHECKS = TREES | NEIGHBORS | LINEAR

PLAIN = (str, bytes, int, float, bool, type(None), complex)


def check(estimator: Any) -> None:
    """Check everything that an estimator holds.

    Raises
    ------
    ArtifactError
        Something points outside of what it indexes, or is not what its owner takes it for.
    """
    for held in everything(estimator):
        for rule in _rules(held):
            try:
                rule(held)
            except ArtifactError:
                raise
            except Exception as exc:
                raise ArtifactError(f"A {type(held).__name__} in the file is not whole.") from exc


def _rules(held: Any) -> Iterator[Rule]:
    """Yield the checks of an object; none where it was never fitted, for then nothing runs."""
    for kind in type(held).__mro__:
        fitted, rule = CHECKS.get(f"{kind.__module__}.{kind.__qualname__}", ("", None))
        if rule is not None and (not fitted or hasattr(held, fitted)):
            yield rule


def everything(root: Any) -> Iterator[Any]:
    """Yield an object and all that it holds, each once."""
    waiting, seen = [root], {}
    while waiting:
        held = waiting.pop()
        if isinstance(held, PLAIN) or id(held) in seen:
            continue
        seen[id(held)] = held  # kept, so that no identity is used twice
        yield held
        waiting.extend(_inside(held))


def _inside(held: Any) -> Iterator[Any]:
    if isinstance(held, np.ndarray):
        if held.dtype == object:
            yield from held.ravel().tolist()
    elif isinstance(held, dict):
        yield from held.keys()
        yield from held.values()
    elif isinstance(held, list | tuple | set):
        yield from held
    elif not isinstance(held, type):
        yield from getattr(held, "__dict__", {}).values()
        if hasattr(held, "func"):  # a partial function
            yield from (held.func, getattr(held, "args", ()), getattr(held, "keywords", {}))
        if hasattr(held, "dist_metric") or type(held).__name__.startswith(("KDTree", "BallTree")):
            yield from held.__getstate__()
