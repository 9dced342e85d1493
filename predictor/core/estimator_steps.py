"""Steps of a fitted estimator with their parameters, for a diagram."""

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

# Bounds of the diagram. Steps and parameters beyond them are left out.
MAX_STEPS = 60
MAX_DEPTH = 5
MAX_PARAMETERS = 20
MAX_TEXT_LENGTH = 80


class Step(TypedDict):
    """An estimator inside of another.

    Parameters
    ----------
    depth : int
        Number of estimators around it.
    name : str
        Name in the estimator around it; empty for the outermost.
    kind : str
        Class of the estimator.
    parameters : dict of str to str
        Values that differ from the defaults, as short texts.
    """

    depth: int
    name: str
    kind: str
    parameters: dict[str, str]


def list_steps(estimator: Any) -> list[Step]:
    """Return an estimator and the estimators inside of it, in the order of a diagram."""
    steps: list[Step] = []
    for step in _walk(estimator, "", 0):
        steps.append(step)
        if len(steps) == MAX_STEPS:
            break
    return steps


def get_kind(estimator: Any) -> str:
    """Return the class of a part of an estimator, which can be "passthrough" or "drop"."""
    return estimator if isinstance(estimator, str) else type(estimator).__name__


def _walk(estimator: Any, name: str, depth: int) -> Iterator[Step]:
    values = estimator.get_params(deep=False) if _has_parameters(estimator) else {}
    parts = dict(_find_parts(values)) if depth < MAX_DEPTH else {}
    defaults = _get_defaults(type(estimator)) if values else {}
    containers = {key for key, value in values.items() if _is_container(value)}
    parameters = {
        key: _shorten(value)
        for key, value in values.items()
        if key not in containers
        and not _has_parameters(value)
        and repr(value) != repr(defaults.get(key, inspect.Parameter.empty))
    }
    kind = get_kind(estimator)
    first = dict(list(parameters.items())[:MAX_PARAMETERS])
    yield Step(depth=depth, name=_clip(name), kind=_clip(kind), parameters=first)
    for part_name, part in parts.items():
        yield from _walk(part, part_name, depth + 1)


def _find_parts(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the estimators among the parameters, and in their lists of named estimators."""
    for key, value in values.items():
        if _has_parameters(value):
            yield key, value
        elif _is_container(value):
            for name, part, *columns in value:
                listed = columns and isinstance(columns[0], list | tuple)
                suffix = f" ({', '.join(map(str, columns[0]))})" if listed else ""
                yield f"{name}{suffix}", part


def _is_container(value: Any) -> bool:
    """Return whether a value is a list of named estimators, as in a pipeline."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(item, tuple)
            and len(item) in (2, 3)
            and isinstance(item[0], str)
            and (_has_parameters(item[1]) or isinstance(item[1], str))
            for item in value
        )
    )


def _has_parameters(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type)


def _get_defaults(cls: type) -> dict[str, Any]:
    """Return the defaults of a class, which may hand keywords on to its base classes."""
    defaults: dict[str, Any] = {}
    for base in cls.__mro__[-2::-1]:  # all but object
        if "__init__" in vars(base):
            parameters = inspect.signature(base).parameters.values()
            defaults |= {parameter.name: parameter.default for parameter in parameters}
    return defaults


def _shorten(value: Any) -> str:
    """Return a value as a short text, without the address of a function or an object."""
    return _clip(re.sub(" at 0x[0-9a-f]+", "", " ".join(repr(value).split())))


def _clip(text: str) -> str:
    """Return a text of bounded length that a database can store."""
    text = text.replace("\0", "").encode(errors="replace").decode()
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[: MAX_TEXT_LENGTH - 3]}..."
