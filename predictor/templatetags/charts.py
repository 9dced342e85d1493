"""Charts as SVG, each with its numbers in a table.

A chart has classes and presentation attributes, but no scripts and styles, which the
Content-Security-Policy of a site may forbid. Its colours are in `predictor/charts.css`.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from django import template
from django.utils.html import format_html
from django.utils.text import Truncator, slugify

from predictor.core.columns import MAX_LISTED_CATEGORIES, format_number, list_values

register = template.Library()

# Size of a chart in the units of its view box, and its margins for labels.
WIDTH, HEIGHT = 340, 270
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 10, 44

# Number of lines with a colour and a dash pattern of their own.
MAX_LINES = 6
# Largest number of steps between the labels of an axis.
N_STEPS = 5
# Number of columns in the chart of their importance.
MAX_BARS = 20
# With more values, a line has no points.
MAX_POINTS = 12
# Longest name of a column or category.
MAX_LABEL_LENGTH = 80
# Number of shades of a matrix.
LEVELS = 5

# End of the name of a metric that states the spread of another metric.
STD = "_std"

METRIC_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "log_loss": "log loss",
    "roc_auc": "ROC AUC",
    "r2": "R²",
    "mean_absolute_error": "mean absolute error",
    "root_mean_squared_error": "root mean squared error",
}


class Scale(NamedTuple):
    """Linear map of the values of an axis to positions in a chart."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return the position of a value."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    def list_ticks(self, least: float = 0) -> list[tuple[float, str]]:
        """Return positions and labels of round values, with the least step between them."""
        step = max(least, _round_step((self.high - self.low) / N_STEPS))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [
            (self.place(number * step), _format_tick(number * step))
            for number in range(first, last + 1)
        ]


def _format_tick(value: float) -> str:
    """Return a short label of a round value: one with six digits would cover that of the axis."""
    thousands = value / 1000
    return f"{thousands:.6g}k" if 100 <= abs(thousands) < 1000 else f"{value:.6g}"  # noqa: PLR2004 - six digits


def _round_step(step: float) -> float:
    """Return the smallest of 1, 2, 5 and 10 times a power of ten that is not below a step."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)


def _describe(title: str, x_label: str, y_label: str) -> dict[str, Any]:
    """Return the texts and the frame of a chart."""
    return {
        "title": title,
        "id": slugify(title),
        "x_label": x_label,
        "y_label": y_label,
        "frame": {
            "left": LEFT,
            "top": TOP,
            "width": WIDTH - LEFT - RIGHT,
            "height": HEIGHT - TOP - BOTTOM,
            "bottom": HEIGHT - BOTTOM,
            "right": WIDTH - RIGHT,
        },
        "size": {"width": WIDTH, "height": HEIGHT},
    }


def _build_scales(x: tuple[float, float], y: tuple[float, float]) -> tuple[Scale, Scale]:
    """Return the scales of both axes, given the smallest and the largest values."""
    return Scale(*x, LEFT, WIDTH - RIGHT), Scale(*y, HEIGHT - BOTTOM, TOP)


@register.inclusion_tag("predictor/charts/lines.html")
def line_chart(  # noqa: PLR0913 - texts of the chart
    curves: Sequence[Mapping[str, Any]],
    *,
    title: str,
    x: str,
    y: str,
    x_label: str,
    y_label: str,
    counts: str = "",
    class_names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the context of a chart of shares by shares, with a line for each class.

    Parameters
    ----------
    curves : sequence of mapping
        Each has a label, and lists of numbers between 0 and 1.
    title, x_label, y_label : str
    x, y : str
        Keys of the lists of numbers.
    counts : str
        Key of a list of numbers of rows, which markers show by their size.
    class_names : mapping of str to str, optional
    """
    x_scale, y_scale = _build_scales((0, 1), (0, 1))
    lines = []
    for number, curve in enumerate(curves, start=1):
        points = [
            (x_scale.place(a), y_scale.place(b)) for a, b in zip(curve[x], curve[y], strict=True)
        ]
        sizes = curve[counts] if counts else [0] * len(points)
        most = max([1, *sizes])
        lines.append(
            {
                "label": curve["label"],
                "number": number if number <= MAX_LINES else 0,
                "path": " ".join(f"{a},{b}" for a, b in points),
                "markers": [
                    (*point, round(2 + 4 * math.sqrt(size / most), 2))
                    for point, size in zip(points, sizes, strict=True)
                    if counts
                ],
                "rows": list(zip(curve[x], curve[y], sizes, strict=True)),
            }
        )
    return _describe(title, x_label, y_label) | {
        "lines": lines,
        "drawn": lines[:MAX_LINES],
        "n_lines": len(lines),
        "lines_name": "classes",
        "x_ticks": x_scale.list_ticks(),
        "y_ticks": y_scale.list_ticks(),
        "has_counts": bool(counts),
        "class_names": class_names,
    }


@register.inclusion_tag("predictor/charts/series.html")
def series_chart(  # noqa: PLR0913 - texts of the chart
    x_values: Sequence[float],
    series: Mapping[str, Sequence[float | None]],
    *,
    title: str,
    x_label: str,
    y_label: str,
    are_whole: bool = False,
    are_shares: bool = False,
    class_names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the context of a chart of numbers by other numbers, with a table.

    Parameters
    ----------
    x_values : sequence of float
        In ascending order.
    series : mapping of str to sequence of float
        The numbers of each line, by its label. A number may be None: the line has a gap there.
    title, x_label, y_label : str
    are_whole : bool
        Whether the values of the horizontal axis are integers.
    are_shares : bool
        Whether the vertical axis is that from 0 to 1.
    class_names : mapping of str to str, optional
    """
    numbers = [y for values in series.values() for y in values if y is not None]
    x_scale, y_scale = _build_scales(_widen(x_values), (0, 1) if are_shares else _widen(numbers))
    drawn = []
    for number, (label, values) in enumerate(list(series.items())[:MAX_LINES], start=1):
        points = [
            (x_scale.place(x), y_scale.place(y))
            for x, y in zip(x_values, values, strict=True)
            if y is not None
        ]
        path = " ".join(f"{a},{b}" for a, b in points)
        markers = [(*point, 3) for point in points] if len(x_values) <= MAX_POINTS else []
        drawn.append({"label": label, "number": number, "path": path, "markers": markers})
    return _describe(title, x_label, y_label) | {
        "drawn": drawn,
        "labels": list(series),
        "n_lines": len(series),
        "lines_name": "lines",
        "rows": list(zip(x_values, zip(*series.values(), strict=True), strict=True)),
        "x_ticks": x_scale.list_ticks(1 if are_whole else 0),
        "y_ticks": y_scale.list_ticks(),
        "has_no_diagonal": True,
        "class_names": class_names,
    }


def _widen(numbers: Sequence[float]) -> tuple[float, float]:
    """Return the limits of an axis: those of the numbers, or around a single one."""
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    margin = abs(low) * 0.1 or 1.0
    if high - low > 1e-9 * margin:
        return low, high
    limit = 1.0 if 0 < high <= 1 else math.inf  # many metrics are at most 1
    return low - margin, min(high + margin, limit)


@register.inclusion_tag("predictor/charts/shares.html")
def share_chart(
    shares: Mapping[str, float | None],
    *,
    title: str,
    class_names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the context of a table of classes with bars for shares between 0 and 1.

    Parameters
    ----------
    shares : mapping of str to float
        Shares by class. Of many classes, those with the largest shares are in the table.
    title : str
    class_names : mapping of str to str, optional
    """
    rows = [(label, share, round(100 * (share or 0), 2)) for label, share in shares.items()]
    if len(rows) > MAX_BARS:
        rows = sorted(rows, key=lambda row: -row[2])[:MAX_BARS]
    return {
        "title": title,
        "rows": rows,
        "n_classes": len(shares),
        "class_names": class_names,
    }


@register.inclusion_tag("predictor/charts/cells.html")
def cell_chart(
    edges: Sequence[float],
    cells: Sequence[tuple[int, int, int]],
    *,
    title: str,
    x_label: str,
    y_label: str,
) -> dict[str, Any]:
    """Return the context of a chart of numbers of rows in bins of two values.

    Parameters
    ----------
    edges : sequence of float
        Increasing edges of the bins of both axes.
    cells : sequence of (x bin, y bin, number of rows)
    title, x_label, y_label : str
    """
    limits = edges[0], edges[-1]
    x_scale, y_scale = _build_scales(limits, limits)
    most = max((count for *_, count in cells), default=1)
    squares = [
        {
            "x": x_scale.place(edges[x]),
            "y": y_scale.place(edges[y + 1]),
            "width": round(x_scale.place(edges[x + 1]) - x_scale.place(edges[x]), 2),
            "height": round(y_scale.place(edges[y]) - y_scale.place(edges[y + 1]), 2),
            "opacity": round(0.2 + 0.8 * math.sqrt(count / most), 2),
        }
        for x, y, count in cells
    ]
    rows = [(edges[x], edges[x + 1], edges[y], edges[y + 1], count) for x, y, count in cells]
    return _describe(title, x_label, y_label) | {
        "squares": squares,
        "rows": rows,
        "x_ticks": x_scale.list_ticks(),
        "y_ticks": y_scale.list_ticks(),
    }


@register.inclusion_tag("predictor/charts/matrix.html")
def matrix_chart(
    labels: Sequence[Any],
    counts: Sequence[Sequence[int]],
    *,
    title: str,
    class_names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the context of a table with a shade for each cell: its share of the row.

    Parameters
    ----------
    labels : sequence
        Labels of the rows, and of the columns.
    counts : sequence of sequence of int
    title : str
    class_names : mapping of str to str, optional
    """
    rows = []
    for label, row in zip(labels, counts, strict=True):
        total = sum(row) or 1
        cells = [(count, math.ceil(LEVELS * count / total)) for count in row]
        rows.append((label, cells))
    return {
        "title": title,
        "labels": labels,
        "rows": rows,
        "class_names": class_names,
        "is_wide": len(labels) > MAX_LINES,
    }


@register.inclusion_tag("predictor/charts/distribution.html")
def distribution_chart(column: Mapping[str, Any]) -> dict[str, Any]:
    """Return the context of a small histogram of a column, with a bar for each range or category.

    Parameters
    ----------
    column : mapping
        A column of a signature, with counts.
    """
    counts = column["counts"]
    labels = [_shorten(label) for label in _label_bars(column, len(counts))]
    heights = [round(40 * count / max([1, *counts]), 2) for count in counts]
    return {
        "name": _shorten(column["name"]),
        "rows": list(zip(labels, counts, strict=True)),
        "first": labels[0],
        "last": labels[-1],
        "bars": [
            {"x": 10 * number + 0.5, "y": round(40 - height, 2), "height": height}
            for number, height in enumerate(heights)
        ],
        "width": 10 * len(counts),
    }


def _shorten(label: Any) -> Any:
    """Return a label; a long text is cut."""
    return Truncator(label).chars(MAX_LABEL_LENGTH) if isinstance(label, str) else label


def _label_bars(column: Mapping[str, Any], n_bars: int) -> Sequence[Any]:
    """Return the categories of a column, or the ranges of its bars."""
    if column.get("categories") or not column.get("range"):
        return column.get("categories") or ("false", "true")
    low, high = column["range"]
    edges = [low + (high - low) * number / n_bars for number in range(n_bars + 1)]
    return [f"{short_number(start)} to {short_number(end)}" for start, end in pairwise(edges)]


@register.inclusion_tag("predictor/charts/bars.html")
def importance_chart(
    importance: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the context of a table of columns with bars, the most important first.

    Parameters
    ----------
    importance : mapping
        Means and standard deviations, in the order of the columns.
    columns : sequence of mapping
        The columns of a signature.
    """
    names = [column["name"] for column in columns]
    rows = sorted(
        zip(names, importance["mean"], importance["std"], strict=True), key=lambda row: -row[1]
    )
    n_columns, rows = len(rows), rows[:MAX_BARS]
    ends = [mean + sign * std for _, mean, std in rows for sign in (-1, 1)]
    scale = Scale(min([0.0, *ends]), max([1e-9, *ends]), 0, 100)
    bars = []
    for name, mean, std in rows:
        start, end = sorted((scale.place(0), scale.place(mean)))
        bars.append(
            {
                "name": name,
                "mean": mean,
                "std": std,
                "x": start,
                "width": round(end - start, 2),
                "low": scale.place(mean - std),
                "high": scale.place(mean + std),
            }
        )
    return {
        "bars": bars,
        "metric": metric_name(importance["metric"]),
        "n_columns": n_columns,
    }


@register.filter
def metric_name(name: str) -> str:
    """Return the name of a metric for people."""
    if name.endswith(STD):
        return f"standard deviation of {metric_name(name.removesuffix(STD))}"
    return METRIC_NAMES.get(name, name)


@register.simple_tag
def metric_title(name: str) -> str:
    """Return the name of a metric as the title of a chart, such as "Log loss by version"."""
    words = metric_name(name)
    return f"{words[0].upper()}{words[1:]} by version"


@register.filter
def short_number(value: Any) -> Any:
    """Return a number with four digits, or with all before its point; other values unchanged."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(value) if isinstance(value, int) else format_number(value, 4)


@register.filter
def first_values(values: Sequence[Any]) -> str:
    """Return the first values in a line, and the number of the others."""
    return list_values(values, MAX_LISTED_CATEGORIES)


@register.simple_tag
def swatch(number: int) -> str:
    """Return the sample of a line for a legend; empty for a line that is not drawn."""
    if not number:
        return ""
    return format_html(
        '<svg class="chart-swatch" viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">'
        '<line class="chart-line chart-line-{}" x1="1" y1="5" x2="27" y2="5"/></svg>',
        number,
    )
