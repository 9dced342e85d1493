"""Places in an ordered list of rows, and how the rows beyond one are read."""

from typing import Any, NamedTuple, cast

from django.db.models import Field, Q, QuerySet


class Cursor(NamedTuple):
    """A place beside the row with this key (with no key: beyond all rows), and a way to read."""

    backwards: bool = False
    value: str | None = None
    pk: int | None = None


FIRST, LAST = Cursor(), Cursor(backwards=True)


def read(queryset: QuerySet[Any], ordering: str, cursor: Cursor, limit: int) -> list[Any]:
    """Return up to `limit` rows that lie beyond the cursor, in the order they are met."""
    field = field_of(queryset, ordering)
    descending = ordering.startswith("-") != cursor.backwards
    sign = "-" if descending else ""
    rows: list[Any] = []
    for stretch in stretches(field, cursor, descending=descending):
        ordered = queryset.filter(stretch).order_by(f"{sign}{field.name}", f"{sign}id")
        rows += ordered[: limit - len(rows)]
        if len(rows) == limit:
            break
    return rows


def field_of(queryset: QuerySet[Any], ordering: str) -> "Field[Any, Any]":
    """Return the field that the ordering is by."""
    field = queryset.model._meta.get_field(ordering.removeprefix("-"))  # noqa: SLF001 - documented
    return cast("Field[Any, Any]", field)


def stretches(field: "Field[Any, Any]", cursor: Cursor, *, descending: bool) -> list[Q]:
    """Return conditions that select the rows beyond the cursor, one stretch after the other.

    Each is one range of the index behind the ordering. One condition for all of them, with OR or
    as a comparison of pairs, has databases pass over every row that shares the cursor's value.
    """
    name, further = field.name, "lt" if descending else "gt"
    empty = Q(**{f"{name}__isnull": True})
    filled = Q(**{f"{name}__isnull": False}) if field.null else Q()
    whole = [filled, empty] if field.null else [filled]
    if cursor.backwards:
        whole.reverse()
    if cursor.pk is None:
        return whole
    same = Q(**{f"id__{further}": cursor.pk})
    if cursor.value is None:
        here = empty if field.null else filled
        return [here & same, *whole[whole.index(here) + 1 :]]
    value = field.to_python(cursor.value)
    rest = whole[whole.index(filled) + 1 :]
    return [Q(**{name: value}) & same, Q(**{f"{name}__{further}": value}), *rest]
