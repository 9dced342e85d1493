"""Values of HTML forms that a browser cannot show, and therefore cannot send, unchanged.

A browser sends every line break as CRLF, removes line breaks from one-line inputs, and shows times
to the millisecond. A value that is sent as it was shown keeps its saved state.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tasks.models import Task

LINE_BREAK = re.compile(r"\r\n|\r|\n")


def restore(data: Any, task: Task | None = None) -> Mapping[str, Any]:
    """Return the values of a form, with the saved values of the task that were not changed.

    Parameters
    ----------
    data : QueryDict
    task : Task, optional
        The saved task; None for the form of a new task.
    """
    values: dict[str, Any] = data.copy()
    if "description" in values:
        values["description"] = restore_lines(
            values["description"], task.description if task else ""
        )
    if task is None:
        return values
    if values.get("title") == one_line(task.title):
        values["title"] = task.title
    if task.due_at and is_shown_as(task.due_at, values.get("due_at", "")):
        values["due_at"] = task.due_at.isoformat()
    return values


def one_line(text: str) -> str:
    """Return the text as a one-line input shows it."""
    return LINE_BREAK.sub("", text)


def unify_lines(text: str) -> str:
    """Return the text with line feeds as its line breaks."""
    return LINE_BREAK.sub("\n", text)


def restore_lines(text: str, saved: str) -> str:
    """Return a submitted text with the line breaks of the saved text; by default, line feeds."""
    if unify_lines(text) == unify_lines(saved):
        return saved
    breaks = LINE_BREAK.findall(saved)
    most_common = max(("\n", "\r\n", "\r"), key=breaks.count)
    return LINE_BREAK.sub(lambda _match: most_common, text)


def is_shown_as(time: datetime, text: str) -> bool:
    """Return whether an input for a time shows the text for this time."""
    try:
        shown = datetime.fromisoformat(text)
    except ValueError:
        return False
    millisecond = time.microsecond // 1000 * 1000
    return shown == time.astimezone(UTC).replace(tzinfo=None, microsecond=millisecond)
