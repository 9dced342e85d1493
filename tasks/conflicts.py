"""Fields in which a rejected form differs from a task that has changed in the meantime."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tasks.models import Task

if TYPE_CHECKING:
    from django.db.models import Field


class Difference(NamedTuple):
    """A field with its saved and its submitted value, as text."""

    label: str
    saved: str
    submitted: str


def list_differences(task: Task, values: Mapping[str, Any]) -> list[Difference]:
    """Return the differences between the task and the valid values of a form, by name of field."""
    differences = []
    for name, value in values.items():
        field = cast("Field[Any, Any]", Task._meta.get_field(name))  # noqa: SLF001 - documented
        saved = field.value_from_object(task)
        if saved != value:
            label = str(field.verbose_name).capitalize()
            differences.append(Difference(label, as_text(field, saved), as_text(field, value)))
    return differences


def as_text(field: "Field[Any, Any]", value: Any) -> str:
    """Return a value as text for people."""
    if value in (None, ""):
        return "(empty)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "minutes") + " UTC"
    return str(dict(field.flatchoices).get(value, value))
