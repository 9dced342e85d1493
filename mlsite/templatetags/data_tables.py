"""Template filter for JSON values as tables."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django import template

register = template.Library()


class Table(NamedTuple):
    """A list of objects as a table. A key that an object does not have is an empty cell."""

    keys: Sequence[str]
    rows: Sequence[Sequence[Any]]


@register.filter
def as_table(values: Sequence[Any]) -> Table | None:
    """Return a list of objects as a table; None for another list."""
    if not values or not all(isinstance(value, Mapping) for value in values):
        return None
    keys = list(dict.fromkeys(key for value in values for key in value))
    return Table(keys, [[value.get(key, "") for key in keys] for value in values])
