"""Values out of JSON, each taken as what its column holds, or refused."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

# What the values of a column are in JSON.
NUMBER, INTEGER, BOOLEAN, STRING = "number", "integer", "boolean", "string"

# More digits than these no finite double has.
MOST_DIGITS = 400

# Beyond this not every integer is a double.
EXACT = 2**53

JSON_TYPE_NAMES = {
    bool: "true or false",
    type(None): "null",
    list: "a list",
    dict: "an object",
    str: "a string",
    int: "a number",
    float: "a number",
}


class Refused(Exception):
    """A value that is not taken; says what it is instead."""


def number(text: str) -> float:
    """Return the number that a string is; NaN where it is none, or not a finite one."""
    if "_" in text or not text.isascii():  # Python's own liberties
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _number(value: Any) -> float:
    kind = type(value)
    if kind is str:
        parsed = number(value)
        if math.isnan(parsed):
            raise Refused("a string that is not a finite number")
        digits = value.strip().lstrip("+-")
        if digits.isdigit() and len(digits) <= MOST_DIGITS:
            _within_64_bits(int(value))
        return parsed
    if kind is int:
        _within_64_bits(value)
        return float(value)
    if kind is float:
        if not math.isfinite(value):
            raise Refused("a number too large for 64 bits")
        return float(value)
    raise Refused(JSON_TYPE_NAMES[kind])


def _integer(value: Any) -> int:
    if type(value) is str and value.strip().lstrip("+-").isdigit() and value.isascii():
        if len(value) > MOST_DIGITS:
            raise Refused("an integer beyond 64 bits")
        value = int(value)
    if type(value) is int:
        _within_64_bits(value)
        return value
    parsed = _number(value)
    if not parsed.is_integer():
        raise Refused("a number with a fraction")
    if abs(parsed) > EXACT:
        raise Refused("an integer beyond 64 bits, or one written with an exponent")
    return int(parsed)


def _boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    if type(value) is str and value in ("true", "false"):  # as a form sends them
        return value == "true"
    raise Refused(JSON_TYPE_NAMES[type(value)])


def _string(value: Any) -> str:
    if type(value) is str:
        return value
    raise Refused(JSON_TYPE_NAMES[type(value)])


TAKERS: dict[str, Callable[[Any], Any]] = {
    NUMBER: _number,
    INTEGER: _integer,
    BOOLEAN: _boolean,
    STRING: _string,
}


def _within_64_bits(value: int) -> None:
    if not -(2**63) <= value < 2**64:
        raise Refused("an integer beyond 64 bits")


def within(value: int, dtype: str) -> None:
    """Refuse an integer that a dtype does not hold."""
    info = np.iinfo(dtype.lower())  # pandas writes its own with a capital
    if not info.min <= value <= info.max:
        raise Refused(f"an integer that {dtype} does not hold")
