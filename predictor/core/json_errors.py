"""Messages for bodies that are not JSON, with the cause if it is a common one."""

import json
import re
from contextlib import suppress

# Messages by the first bytes of the body.
BY_START = {
    b"\x1f\x8b": "The body is compressed. Send it without compression.",
    **dict.fromkeys(
        (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"),
        "The body is not JSON: it starts with a byte order mark. Send UTF-8 without the mark.",
    ),
}

UNQUOTED_NAME = re.compile(rb"\[?\s*\{\s*[A-Za-z_]")


def describe(body: bytes, error: Exception) -> str:
    """Return a sentence about a body that a JSON parser has refused with an error."""
    if not body.strip():
        return "The body is empty."
    for start, sentence in BY_START.items():
        if body.startswith(start):
            return sentence
    if constant := _find_constant(body):
        return f"The body is not JSON: JSON has no {constant}. Send null for a missing value."
    return f"The body is not JSON: {error}.{_hint(body)}"


def _find_constant(body: bytes) -> str | None:
    """Return NaN, Infinity or -Infinity if a value of the body is one of them."""
    constants: list[str] = []
    with suppress(ValueError, RecursionError):  # invalid for another reason as well
        json.loads(body, parse_constant=constants.append)
    return constants[0] if constants else None


def _hint(body: bytes) -> str:
    """Return a sentence with the next step, after a space; empty if the cause is not known."""
    text = body.lstrip()
    if b"'" in text[:3] or UNQUOTED_NAME.match(text):
        return " Names and strings need double quotes."
    if text.startswith(b"{") and b"}\n{" in body.replace(b"\r", b""):
        return " Send several rows as a list, with brackets and commas."
    if not text.startswith((b"{", b"[")) and b"," in text.partition(b"\n")[0]:
        return " The body may be CSV. Send its rows as JSON."
    return ""
