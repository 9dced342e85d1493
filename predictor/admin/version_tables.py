"""Tables of a version: its columns, its metrics and the software that fitted it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from predictor.core.columns import MAX_LISTED_CATEGORIES, Column, list_values
from predictor.core.descriptions import list_class_labels
from predictor.core.signature import Signature
from predictor.models import ModelVersion
from predictor.templatetags.charts import metric_name

# Number of columns in the table: a page has at most 150 KB.
MAX_COLUMNS = 100
# A wide table is scrolled, also with the keyboard.
SCROLLED = '<div class="scrolled" tabindex="0" role="group" aria-label="Table">{}</div>'
TABLE = "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>"


def columns(version: ModelVersion) -> SafeString:
    """Return the columns that a version takes."""
    signature = Signature.from_json(version.signature)
    heads = ("Column", "Type", "Values", "Missing values", "Example", "Meaning")
    table = _table(heads, map(_cells, signature.columns[:MAX_COLUMNS]))
    n_columns = len(signature.columns)
    rest = f"The first {MAX_COLUMNS} of {n_columns} columns." if n_columns > MAX_COLUMNS else ""
    return format_html("{}{}", table, rest)


def outputs(version: ModelVersion) -> str:
    """Return the methods and the classes of a version in words."""
    signature = Signature.from_json(version.signature)
    text = ", ".join(signature.methods)
    if signature.classes and signature.n_outputs == 1:
        names = [signature.class_names.get(label, label) for label in list_class_labels(signature)]
        text += f". Classes: {list_values(names, MAX_LISTED_CATEGORIES)}"
    return text


def metrics(version: ModelVersion) -> SafeString | None:
    """Return the metrics of a version; None if there are none."""
    rows = [(metric_name(name), format_metric(value)) for name, value in version.metrics.items()]
    return _table(("Metric", "Value"), rows) if rows else None


def main_metric(metrics: Mapping[str, float]) -> str | None:
    """Return the first metric in words; None if there are none."""
    words = (f"{metric_name(name)} {format_metric(value)}" for name, value in metrics.items())
    return next(words, None)


def software(version: ModelVersion) -> str | None:
    """Return the software that fitted the estimator, in words; None if it is not known."""
    return ", ".join(f"{name} {number}" for name, number in version.fitted_with.items()) or None


def format_metric(value: Any) -> str:
    """Return a metric with four digits; a dash if the version does not have it."""
    return "-" if value is None else f"{value:.4g}"


def _cells(column: Column) -> tuple[Any, ...]:
    values = column.range_text
    if column.categories:
        values = list_values(column.categories, MAX_LISTED_CATEGORIES)
    example = "" if column.example is None else column.example
    missing = "accepted" if column.nullable else "refused"
    return (column.name, column.dtype, values, missing, example, column.description or "")


def _table(heads: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> SafeString:
    body = [
        (row[0], format_html_join("", "<td>{}</td>", ((cell,) for cell in row[1:]))) for row in rows
    ]
    table = format_html(
        TABLE,
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        format_html_join("", '<tr><th scope="row">{}</th>{}</tr>', body),
    )
    return format_html(SCROLLED, table)
