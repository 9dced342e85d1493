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
    row = json.dumps(signature.get_example(), ensure_ascii=False)
    token = ' -H "Authorization: Bearer $TOKEN"' if needs_token else ""
    return (
        f'curl{token} -H "Content-Type: application/json" -X POST '
        f"-d {shlex.quote(row)} {shlex.quote(url)}"
    )
