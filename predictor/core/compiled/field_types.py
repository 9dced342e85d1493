"""Checks of values against the annotations of the fields of compiled estimators."""

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import orjson

# Values of JSON, and kinds of the dtypes of arrays. Numbers are not complex or longdouble.
PLAIN = (str, bool, int, float, type(None))
KINDS, MAX_NUMBER_BYTES = "biuf", 8


def check_fields(cls: type, values: Mapping[str, Any]) -> None:
    """Check the values of fields of a class.

    Raises
    ------
    TypeError
        A value has another type than its field.
    """
    hints = _get_hints(cls)
    for name, value in values.items():
        check_type(value, hints[name])


def check_type(value: Any, hint: Any) -> None:
    """Check a value. The annotation Any stands for values of JSON, and for arrays.

    Raises
    ------
    TypeError
        The value has another type.
    """
    if not _matches(value, hint):
        raise TypeError(f"Expected {hint}, got {type(value).__name__}.")


@cache
def _get_hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _matches(value: Any, hint: Any) -> bool:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return any(_matches(value, part) for part in parts)
    if origin in (list, dict):
        items = value.values() if isinstance(value, dict) else value
        return isinstance(value, origin) and all(_matches(item, parts[-1]) for item in items)
    if origin is np.ndarray:
        return isinstance(value, np.ndarray) and _is_plain(value)
    if hint is Any:
        return _is_json(value) or _is_plain(value)
    return isinstance(value, float | int if hint is float else hint)


def _is_plain(value: Any) -> bool:
    """Return whether a value is an array or a scalar of numbers, strings or values of JSON."""
    if not isinstance(value, np.ndarray | np.generic):
        return False
    if value.dtype.kind in "OU":
        return all(map(_is_json, value.ravel().tolist()))
    return value.dtype.kind in KINDS and value.dtype.itemsize <= MAX_NUMBER_BYTES


def _is_json(value: Any) -> bool:
    """Return whether a response can contain a value: no lone surrogates, integers of 64 bits."""
    if not isinstance(value, PLAIN):
        return False
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True
