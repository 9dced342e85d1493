"""What runs a version, as a table: the engine of each method, its proof and its times."""

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from predictor.models import ModelVersion

TABLE = """
<p>{}</p>
<table><thead><tr><th>Method</th><th>One row</th><th>256 and more</th><th>Compiled up to</th>
<th>Rows tried</th><th>Greatest relative difference</th><th>Microseconds</th><th>Why not</th></tr>
</thead><tbody>{}</tbody></table>
"""
CELLS = "<tr><th>{}</th>" + "<td>{}</td>" * 7 + "</tr>"


def table(version: ModelVersion) -> str:
    """Return the table of a version."""
    engines = version.engines
    if not engines:
        return "scikit-learn. It was never compiled."
    sentence = f"{engines['engine']}. {engines['reason']}".strip()
    if not version.use_compiled and version.compiled:
        sentence = f"scikit-learn: the compiled form ({engines['engine']}) is switched off."
    if "joined" in engines:
        sentence += " " + (engines["alone"] or "Requests are joined where scikit-learn runs them.")
    rows = [cells(name, found) for name, found in engines["methods"].items()]
    if not rows:
        return sentence
    return format_html(TABLE, sentence, format_html_join("", CELLS, rows))


def cells(name: str, found: dict[str, Any]) -> tuple[Any, ...]:
    """Return the line of a method."""
    up_to = found.get("up_to_rows", 0)
    difference = found.get("difference")
    return (
        name,
        found["one"],
        found["many"],
        "any number of rows" if up_to is None else f"{up_to:,} rows",
        f"{found['rows_tried']:,}" if "rows_tried" in found else "",
        "" if difference is None else f"{difference:.1e}",
        times(found.get("microseconds", {})),
        found["reason"],
    )


def times(microseconds: dict[str, dict[str, float]]) -> SafeString:
    """Return a line for each number of rows that was timed."""
    lines = (
        (f"{int(size):,}", ", ".join(f"{name} {value:,.1f}" for name, value in each.items()))
        for size, each in microseconds.items()
    )
    return format_html_join("", "{}: {}<br>", lines)
