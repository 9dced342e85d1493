"""curl commands for predictions."""

import json
import shlex
from collections.abc import Mapping
from typing import Any


def format_curl(url: str, row: Mapping[str, Any], *, needs_token: bool = False) -> str:
    """Return a command that sends a row to a URL.

    Parameters
    ----------
    url : str
    row : mapping of str to object
        JSON values by column.
    needs_token : bool
        Whether the command reads a token from the environment variable TOKEN.
    """
    body = json.dumps(row, ensure_ascii=False)
    token = ' -H "Authorization: Bearer $TOKEN"' if needs_token else ""
    return (
        f'curl{token} -H "Content-Type: application/json" -X POST '
        f"-d {shlex.quote(body)} {shlex.quote(url)}"
    )
