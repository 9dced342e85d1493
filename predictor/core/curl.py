"""curl commands in examples."""

import json
import shlex
from typing import Any


def format_curl(
    url: str,
    body: Any = None,
    *,
    method: str = "POST",
    file: str = "",
    needs_token: bool = False,
) -> str:
    """Return a command that sends a request.

    Parameters
    ----------
    url : str
    body : object, optional
        JSON value, such as a row.
    method : str
    file : str
        Field and name of a file to upload instead, such as "artifact=@model.skops".
    needs_token : bool
        Whether the command reads a token from the environment variable TOKEN.
    """
    words = ["curl"]
    if needs_token:
        words.append('-H "Authorization: Bearer $TOKEN"')
    if body is not None:
        words.append('-H "Content-Type: application/json"')
    if method != "GET":
        words.append(f"-X {method}")
    if body is not None:
        words.append(f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}")
    if file:
        words.append(f"-F {shlex.quote(file)}")
    return " ".join([*words, shlex.quote(url)])
