"""The audit log in the admin."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from predictor.admin.model_filter import ModelFilter
from predictor.admin.read_only import ReadOnlyAdmin
from predictor.models import Event


class EventAdmin(ReadOnlyAdmin):
    """Events of all models, newest first."""

    list_display = ["at", "model", "kind", "from_number", "to_number", "by", "why"]
    list_filter = ["kind", ModelFilter]
    search_fields = ["model__name", "by", "why"]
    list_select_related = ["model", "from_version", "to_version"]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Return the events; only the names of their models and the numbers of their versions."""
        events: QuerySet[Event] = super().get_queryset(request)
        shown = ("model__name", "from_version__version", "to_version__version")
        return events.only("kind", "by", "at", "why", *shown)

    @admin.display(description="From", empty_value="-")
    def from_number(self, event: Event) -> int | None:
        """Return the number of the previous version."""
        return event.from_version.version if event.from_version else None

    @admin.display(description="To", empty_value="-")
    def to_number(self, event: Event) -> int | None:
        """Return the number of the new version."""
        return event.to_version.version if event.to_version else None
