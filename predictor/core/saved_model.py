"""Description of a saved file for a notebook, as text and as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from predictor.core.columns import Column
from predictor.core.descriptions import list_class_labels
from predictor.core.estimator_steps import get_kind
from predictor.core.signature import Signature

# Numbers of columns and of values that a page shows.
MAX_COLUMNS, MAX_VALUES = 50, 8

# Notebooks align cells to the right and have a light or a dark background.
CELL = "padding:3px 16px 3px 0;text-align:left;vertical-align:top;"
TABLE = "border-collapse:collapse;color:inherit;font-size:inherit;"
LINE = "border-bottom:1px solid rgba(128,128,128,.35);"
SOFT = "opacity:.65;"


@dataclass(frozen=True, repr=False)
class SavedModel:
    """A file that `save` has written.

    Parameters
    ----------
    path : Path
    size : int
        Size of the file in bytes.
    estimator : str
        Class of the estimator, and of the steps of a pipeline.
    signature : Signature
    fitted_with : mapping of str to str
        Versions of the software.
    notes : sequence of str
        Sentences about the parameters of the estimator that the file does not contain.
    """

    path: Path
    size: int
    estimator: str
    signature: Signature
    fitted_with: Mapping[str, str]
    notes: Sequence[str] = ()

    def __repr__(self) -> str:
        return (
            f"<{self.path}: {self.estimator}, {self._count_columns()}, "
            f"{', '.join(self.signature.methods)}, {format_size(self.size)}>"
            + "".join(f"\n{note}" for note in self.notes)
        )

    def _repr_html_(self) -> str:
        """Return the description that a notebook shows."""
        facts = {
            "File": f"{_code(str(self.path))} {format_size(self.size)}",
            "Fitted with": escape(f"scikit-learn {self.fitted_with['scikit-learn']}"),
            "Outputs": " ".join(map(_code, self.signature.methods)),
        }
        if labels := list_class_labels(self.signature):
            facts["Classes"] = _join([self._format_class(label) for label in labels])
        if self.notes:
            facts["Notes"] = escape(" ".join(self.notes))
        rows = [
            f'<tr><th style="{CELL}{SOFT}font-weight:400">{name}</th>'
            f'<td style="{CELL}">{value}</td></tr>'
            for name, value in facts.items()
        ]
        return (
            '<div style="max-width:60em;line-height:1.5">'
            f'<div style="font-size:1.15em;font-weight:600">{escape(self.estimator)}</div>'
            f'<table style="{TABLE}margin:4px 0 10px">{"".join(rows)}</table>'
            f"{self._build_table()}</div>"
        )

    def _build_table(self) -> str:
        """Return the table of the columns."""
        names = ("Column", "Meaning", "Type", "Seen", "Example")
        head = "".join(f'<th style="{CELL}{LINE}{SOFT}">{name}</th>' for name in names)
        columns = self.signature.columns
        body = "".join(map(_build_row, columns[:MAX_COLUMNS]))
        rest = len(columns) - MAX_COLUMNS
        more = f'<div style="{SOFT}">and {rest:,} more columns</div>' if rest > 0 else ""
        return (
            f'<table style="{TABLE}margin:0">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
        )

    def _count_columns(self) -> str:
        count = len(self.signature.columns)
        return f"{count:,} column{'s' if count > 1 else ''}"

    def _format_class(self, label: str) -> str:
        name = self.signature.class_names.get(label, "")
        return f"{_code(label)} {escape(name)}".strip()


def describe(estimator: Any) -> str:
    """Return the class of an estimator, and those of the steps of a pipeline."""
    steps = [get_kind(step) for _, step in getattr(estimator, "steps", ())]
    return f"{get_kind(estimator)} of {', '.join(steps)}" if steps else get_kind(estimator)


def format_size(size: int) -> str:
    """Return a size in bytes as text, such as 61.3 kB."""
    number = float(size)
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:  # noqa: PLR2004 - the step of the units
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.3g} GB"


def _build_row(column: Column) -> str:
    note = ", may be null" if column.nullable else ""
    kind = f"{column.dtype}{note if column.required else ', not used'}"
    example = "" if column.example is None else _code(str(column.example))
    texts = (escape(column.description), escape(kind), _format_seen(column), example)
    cells = [f'<td style="{CELL}{LINE}">{text}</td>' for text in texts]
    return f'<tr><th style="{CELL}{LINE}">{_code(column.name)}</th>{"".join(cells)}</tr>'


def _format_seen(column: Column) -> str:
    if column.range is not None:
        return escape(column.range_text)
    return _join([escape(str(value)) for value in column.categories or ()])


def _join(values: Sequence[Any]) -> str:
    rest = len(values) - MAX_VALUES
    more = [f"and {rest:,} more"] if rest > 0 else []
    return ", ".join([*values[:MAX_VALUES], *more])


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
