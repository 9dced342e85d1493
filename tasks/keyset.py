"""Keyset cursors, and the query for the rows after a cursor."""

from typing import Any, NamedTuple, cast

from django.db.models import Field, Q, QuerySet


class Cursor(NamedTuple):
    """A position next to the row with this key, and a reading direction.

    Without a primary key, the position is before the first row (or after the last one, backwards).
    """

    backwards: bool = False
    value: str | None = None
    pk: int | None = None


FIRST, LAST = Cursor(), Cursor(backwards=True)


def read(queryset: QuerySet[Any], ordering: str, cursor: Cursor, limit: int) -> list[Any]:
    """Return up to `limit` rows after the cursor, in reading direction."""
    field = field_of(queryset, ordering)
    descending = ordering.startswith("-") != cursor.backwards
    sign = "-" if descending else ""
    rows: list[Any] = []
    for condition in range_conditions(field, cursor, descending=descending):
        ordered = queryset.filter(condition).order_by(f"{sign}{field.name}", f"{sign}id")
        rows += ordered[: limit - len(rows)]
        if len(rows) == limit:
            break
    return rows


def field_of(queryset: QuerySet[Any], ordering: str) -> "Field[Any, Any]":
    """Return the field of an ordering."""
    field = queryset.model._meta.get_field(ordering.removeprefix("-"))  # noqa: SLF001 - documented
    return cast("Field[Any, Any]", field)


def range_conditions(field: "Field[Any, Any]", cursor: Cursor, *, descending: bool) -> list[Q]:
    """Return conditions that together select the rows after the cursor, in reading order.

    Each condition is one range of the ordering's index. With a single condition (OR, or a
    comparison of pairs) databases scan every row that shares the cursor's value.
    """
    name, comparison = field.name, "lt" if descending else "gt"
    empty = Q(**{f"{name}__isnull": True})
    filled = Q(**{f"{name}__isnull": False}) if field.null else Q()
    all_rows = [filled, empty] if field.null else [filled]
    if cursor.backwards:
        all_rows.reverse()
    if cursor.pk is None:
        return all_rows
    after_tie = Q(**{f"id__{comparison}": cursor.pk})
    if cursor.value is None:
        current = empty if field.null else filled
        return [current & after_tie, *all_rows[all_rows.index(current) + 1 :]]
    value = field.to_python(cursor.value)
    rest = all_rows[all_rows.index(filled) + 1 :]
    return [Q(**{name: value}) & after_tie, Q(**{f"{name}__{comparison}": value}), *rest]
