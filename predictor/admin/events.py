"""The audit log in the admin."""

from typing import TYPE_CHECKING

from django.contrib import admin

from predictor.admin.read_only import ReadOnlyAdmin
from predictor.models import Event

if TYPE_CHECKING:
    from predictor.models import ModelVersion


class EventAdmin(ReadOnlyAdmin):
    """Events of all models, newest first."""

    list_display = ["at", "model", "kind", "from_number", "to_number", "by", "why"]
    list_filter = ["kind", "model"]
    search_fields = ["by", "why"]
    list_select_related = ["model", "from_version", "to_version"]
    ordering = ["-pk"]

    @admin.display(description="From", empty_value="-")
    def from_number(self, event: Event) -> int | None:
        """Return the number of the previous version."""
        return number(event.from_version)

    @admin.display(description="To", empty_value="-")
    def to_number(self, event: Event) -> int | None:
        """Return the number of the new version."""
        return number(event.to_version)


def number(version: "ModelVersion | None") -> int | None:
    """Return the number of a version; None if there is no version."""
    return version.version if version else None
