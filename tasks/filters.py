"""Filters, search and orderings of the task list."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import django_filters.rest_framework as filters  # type: ignore[import-untyped]  # ships no types
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django_filters.fields import IsoDateTimeField  # type: ignore[import-untyped]  # same
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from tasks.models import Priority, Task, is_due_before

ORDERINGS = {
    "id": "oldest first",
    "-id": "newest first",
    "created_at": "created, first to last",
    "-created_at": "created, last to first",
    "updated_at": "changed, first to last",
    "-updated_at": "changed, last to first",
    "due_at": "due first, those without a date last",
    "-due_at": "due last, those without a date last",
    "priority": "lowest priority first",
    "-priority": "highest priority first",
    "title": "title, A to Z",
    "-title": "title, Z to A",
}

ANY = ("", "any")


def only(values: Iterable[object]) -> dict[str, str]:
    """Return the error message of a parameter that takes only these values."""
    return {"invalid_choice": f"Expected one of {', '.join(map(str, values))}; got %(value)s."}


TIME_HELP = "Such as 2030-01-31T12:00Z."


class UtcDateTimeField(IsoDateTimeField):  # type: ignore[misc]  # its base is untyped
    """A time in ISO 8601, converted to UTC; a naive time is in UTC."""

    default_error_messages = {"invalid": "Expected a time such as 2030-01-31T12:00Z."}

    def to_python(self, value: Any) -> datetime | None:
        """Return the time in UTC."""
        parsed: datetime | None = super().to_python(value)
        try:
            return parsed and parsed.astimezone(UTC)
        except OverflowError as exc:
            raise forms.ValidationError("Enter a time between the years 1 and 9999.") from exc


class UtcDateTimeFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]  # its base is untyped
    """A filter that takes a time."""

    field_class = UtcDateTimeField


class TaskFilter(filters.FilterSet):  # type: ignore[misc]  # its base is untyped
    """Query parameters of the list, and its filter form in the browser."""

    search = filters.CharFilter(
        method="contains", max_length=200, label="Title or description contains"
    )
    done = extend_schema_field(OpenApiTypes.BOOL)(
        filters.TypedChoiceFilter(
            choices=[ANY, ("true", "yes"), ("false", "no")],
            error_messages=only(["true", "false"]),
            coerce=lambda word: word == "true",
            method="is_done",
            label="Done",
        )
    )
    priority = extend_schema_field({"type": "integer", "enum": Priority.values})(
        filters.TypedChoiceFilter(
            choices=[ANY, *Priority.choices],
            coerce=int,
            error_messages=only(Priority.values),
            label="Priority",
        )
    )
    overdue = extend_schema_field({"type": "boolean", "enum": [True]})(
        filters.TypedChoiceFilter(
            choices=[ANY, ("true", "yes")],
            error_messages=only(["true"]),
            coerce=lambda word: word == "true",
            method="is_overdue",
            label="Overdue",
            help_text="Not done, and due before now.",
        )
    )
    due_before = UtcDateTimeFilter(
        "due_at", "lt", label="Due before this time", help_text=TIME_HELP
    )
    due_after = UtcDateTimeFilter("due_at", "gt", label="Due after this time", help_text=TIME_HELP)
    updated_since = UtcDateTimeFilter(
        "updated_at", "gte", label="Changed at or after this time", help_text=TIME_HELP
    )
    updated_before = UtcDateTimeFilter(
        "updated_at", "lt", label="Changed before this time", help_text=TIME_HELP
    )
    ordering = filters.ChoiceFilter(
        method="order",
        choices=list(ORDERINGS.items()),
        error_messages=only(ORDERINGS),
        empty_label="as made",
        label="Order",
    )

    @classmethod
    def narrows(cls, params: QueryDict) -> bool:
        """Return whether the parameters contain a filter."""
        names = [name for name in cls.base_filters if name != "ordering"]
        return any(params.get(name, "").strip() for name in names)  # blank values do not filter

    def contains(self, queryset: QuerySet[Task], _name: str, value: str) -> QuerySet[Task]:
        """Filter by a text in title or description."""
        return queryset.filter(Q(title__icontains=value) | Q(description__icontains=value))

    def is_done(self, queryset: QuerySet[Task], _name: str, value: bool) -> QuerySet[Task]:  # noqa: FBT001 - django-filter's signature
        """Filter by the `done` flag."""
        # `done IN (0)`: SQLite uses no index for Django's `NOT done`.
        return queryset.filter(done__in=[value])

    def is_overdue(self, queryset: QuerySet[Task], _name: str, _value: bool) -> QuerySet[Task]:  # noqa: FBT001 - django-filter's signature
        """Filter by open tasks whose due date has passed."""
        return queryset.filter(is_due_before(timezone.now()))

    def order(self, queryset: QuerySet[Task], _name: str, value: str) -> QuerySet[Task]:
        """Order the tasks."""
        return queryset.order_by(value)


class StrictFilterBackend(filters.DjangoFilterBackend):  # type: ignore[misc]  # its base is untyped
    """The django-filter backend, with unknown and repeated parameters rejected."""

    def filter_queryset(self, request: Request, queryset: Any, view: APIView) -> Any:
        """Return the filtered and ordered tasks."""
        params = request.query_params
        allowed = [*TaskFilter.base_filters, *getattr(view, "other_parameters", ())]
        errors = {
            name: [f"Unknown parameter; the list takes {', '.join(allowed)}."]
            for name in params
            if name not in allowed
        }
        errors |= {
            name: ["This parameter may occur only once."]
            for name in params
            if len(params.getlist(name)) > 1
        }
        if errors:
            raise ValidationError(errors)
        return super().filter_queryset(request, queryset, view)
