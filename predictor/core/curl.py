"""curl commands for predictions."""

import json
import shlex

from predictor.core.signature import Signature


def format_curl(url: str, signature: Signature, *, needs_token: bool = False) -> str:
    """Return a command that sends the example row of a model to a URL.

    Parameters
    ----------
    url : str
    signature : Signature
    needs_token : bool
        Whether the command reads a token from the environment variable TOKEN.
    """
    row = {column.name: column.get_example() for column in signature.columns}
    token = ' -H "Authorization: Bearer $TOKEN"' if needs_token else ""
    return (
        f'curl{token} -H "Content-Type: application/json" -X POST '
        f"-d {shlex.quote(json.dumps(row, ensure_ascii=False))} {shlex.quote(url)}"
    )
