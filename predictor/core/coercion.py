"""Conversion of single JSON values to the values of a column."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

# Kinds of columns: the JSON types of their values. Times are strings in ISO 8601.
KINDS = NUMBER, INTEGER, BOOLEAN, STRING, DATETIME = (
    "number",
    "integer",
    "boolean",
    "string",
    "datetime",
)

# No finite double has more digits.
MAX_DIGITS = 400

# A double holds every integer up to this limit exactly. A larger float may be an integer that a
# fast JSON parser rounded.
MAX_EXACT_INTEGER = 2**53

# Dtypes that cannot represent every number of float64.
NARROW_FLOATS = ("float16", "float32")

# Dtype of pandas for booleans that may be missing.
NULLABLE_BOOLEAN = "boolean"

# Dtypes of columns whose integers are Python objects.
OBJECT_DTYPES = ("object", "category")

JSON_TYPE_NAMES = {
    bool: "true or false",
    type(None): "null",
    list: "a list",
    dict: "an object",
    str: "a string",
    int: "a number",
    float: "a number",
}


class InvalidValue(Exception):
    """A column rejects a value. The message is a noun phrase that describes the value."""


def parse_number(text: str) -> float:
    """Return the number in a string; NaN if the string is not a finite number."""
    if "_" in text or not text.isascii():  # only Python accepts those in numbers
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _coerce_number(value: Any) -> float:
    kind = type(value)
    if kind is str:
        parsed = parse_number(value)
        if math.isnan(parsed):
            raise InvalidValue("a string that is not a finite number")
        digits = value.strip().lstrip("+-")
        if digits.isdigit() and len(digits) <= MAX_DIGITS:
            return _to_exact_float(int(value))
        return parsed
    if kind is int:
        return _to_exact_float(value)
    if kind is float:
        if not math.isfinite(value):
            raise InvalidValue("a number too large for 64 bits")
        return float(value)
    raise InvalidValue(JSON_TYPE_NAMES[kind])


def _to_exact_float(value: int) -> float:
    _check_64_bits(value)
    if float(value) != value:
        raise InvalidValue("an integer that float64 cannot represent exactly")
    return float(value)


def _coerce_integer(value: Any) -> int:
    if type(value) is str and value.strip().lstrip("+-").isdigit() and value.isascii():
        if len(value) > MAX_DIGITS:
            raise InvalidValue("an integer beyond 64 bits")
        value = int(value)
    if type(value) is int:
        _check_64_bits(value)
        return value
    number = _coerce_number(value)
    if not number.is_integer():
        raise InvalidValue("a number with a fraction")
    if abs(number) > MAX_EXACT_INTEGER:
        raise InvalidValue("an integer beyond 64 bits, or one written with an exponent")
    return int(number)


def _coerce_boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    if type(value) is str and value in ("true", "false"):  # HTML forms send strings
        return value == "true"
    raise InvalidValue(JSON_TYPE_NAMES[type(value)])


def _coerce_string(value: Any) -> str:
    if type(value) is str:
        return value
    raise InvalidValue(JSON_TYPE_NAMES[type(value)])


# Functions that convert a value to a kind, or raise InvalidValue. `times` converts times, whose
# values depend on the dtype.
COERCERS: dict[str, Callable[[Any], Any]] = {
    NUMBER: _coerce_number,
    INTEGER: _coerce_integer,
    BOOLEAN: _coerce_boolean,
    STRING: _coerce_string,
}


def _check_64_bits(value: int) -> None:
    if not -(2**63) <= value < 2**64:
        raise InvalidValue("an integer beyond 64 bits")


def integer_range(dtype: str) -> tuple[int, int]:
    """Return the smallest and the largest integer of a dtype."""
    if dtype in OBJECT_DTYPES:
        return -(2**63), 2**64 - 1
    info = np.iinfo(dtype.lower())  # the names of pandas' dtypes are capitalised
    return int(info.min), int(info.max)


def check_integer_dtype(value: int, dtype: str) -> None:
    """Raise InvalidValue if an integer is out of the range of a dtype."""
    low, high = integer_range(dtype)
    if not low <= value <= high:
        raise InvalidValue(f"an integer out of the range of {dtype}")


def fits_float64(values: Iterable[Any]) -> bool:
    """Return whether float64 represents all integers among the values exactly."""
    return all(type(value) is not int or float(value) == value for value in values)
