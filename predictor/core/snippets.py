"""Code that sends a row to the service, in several languages."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from predictor.core.curl import format_curl

PYTHON = """import requests

response = requests.post(
    {url},
    json={row},{headers}
)
print(response.json())"""
PYTHON_HEADERS = '\n    headers={"Authorization": f"Bearer {TOKEN}"},'

JAVASCRIPT = """const response = await fetch({url}, {{
  method: "POST",
  headers: {{ "Content-Type": "application/json"{headers} }},
  body: JSON.stringify({row}),
}});
console.log(await response.json());"""
JAVASCRIPT_HEADERS = ", Authorization: `Bearer ${TOKEN}`"


class Snippet(NamedTuple):
    """Code in a language."""

    language: str
    code: str


def list_snippets(url: str, row: Mapping[str, Any], *, needs_token: bool) -> list[Snippet]:
    """Return code that sends a row to a URL.

    Parameters
    ----------
    url : str
    row : mapping of str to object
        JSON values by column.
    needs_token : bool
        Whether the code sends a token in the variable TOKEN.
    """
    python = PYTHON.format(
        url=json.dumps(url), row=dict(row), headers=PYTHON_HEADERS if needs_token else ""
    )
    javascript = JAVASCRIPT.format(
        url=json.dumps(url),
        row=json.dumps(row, ensure_ascii=False),
        headers=JAVASCRIPT_HEADERS if needs_token else "",
    )
    return [
        Snippet("curl", format_curl(url, row, needs_token=needs_token)),
        Snippet("Python", python),
        Snippet("JavaScript", javascript),
    ]
