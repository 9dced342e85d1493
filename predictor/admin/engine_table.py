"""Table of the engines of a version: one row for each method, with verification and times."""

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from predictor import registry
from predictor.models import ModelVersion

TABLE = """
<p>{}</p>
<div class="scrolled" tabindex="0" role="group" aria-label="Engines">
<table><thead><tr><th>Method</th><th>One row</th><th>256 rows and more</th><th>Compiled up to</th>
<th>Verified rows</th><th>Largest relative difference</th><th>Microseconds</th><th>Reason</th></tr>
</thead><tbody>{}</tbody></table></div>
"""
CELLS = "<tr><th>{}</th>" + "<td>{}</td>" * 5 + '<td class="times">{}</td><td>{}</td></tr>'


def table(version: ModelVersion) -> str:
    """Return the table of a version as HTML."""
    engines = version.engines
    sentences = [f"{registry.describe_engine(version).removesuffix('.')}."]
    if "joined" in engines:
        sentences.append(engines["alone"] or "Concurrent requests for scikit-learn are batched.")
    summary = " ".join(sentences)
    rows = [cells(name, method) for name, method in engines.get("methods", {}).items()]
    if not rows:
        return summary
    return format_html(TABLE, summary, format_html_join("", CELLS, rows))


def cells(name: str, method: dict[str, Any]) -> tuple[Any, ...]:
    """Return the table row of a method."""
    up_to = method.get("up_to_rows", 0)
    difference = method.get("difference")
    return (
        name,
        method["one"],
        method["many"],
        "any number of rows" if up_to is None else f"{up_to:,} rows",
        f"{method['rows_tried']:,}" if "rows_tried" in method else "",
        "" if difference is None else f"{difference:.1e}",
        times(method.get("microseconds", {})),
        method["reason"],
    )


def times(microseconds: dict[str, dict[str, float]]) -> SafeString:
    """Return the times as HTML, one line for each number of rows."""
    lines = (
        (f"{int(size):,}", ", ".join(f"{name} {value:,.1f}" for name, value in each.items()))
        for size, each in microseconds.items()
    )
    return format_html_join(mark_safe("<br>"), "{}: {}", lines)
