"""Base class of the admin pages. Only the registry writes the rows."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from predictor.permissions import MANAGE


def may_manage(request: HttpRequest) -> bool:
    """Return whether the user may change models."""
    return request.user.has_perm(MANAGE)


def require_manage(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view, restricted to users who may change models."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_manage(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Shows rows without editing them, and offers buttons for the changes of the registry."""

    actions = None
    show_full_result_count = False
    list_per_page = 50
    url_prefix = ""  # first part of the names of the confirmation URLs
    changes: Sequence[str] = ()  # methods that are views with a confirmation

    def buttons(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - for subclasses
        """Return label and URL of each change that the row allows now."""
        return []

    def get_urls(self) -> list[URLPattern]:
        """Return the URLs of the confirmation pages before those of the admin."""
        confirmation_urls = [
            path(
                f"<int:pk>/{verb}/",
                transaction.non_atomic_requests(
                    self.admin_site.admin_view(require_manage(getattr(self, verb)))
                ),
                name=f"{self.url_prefix}_{verb}",
            )
            for verb in self.changes
        ]
        return confirmation_urls + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a row with its buttons."""
        # Django would add a row if the form states _saveasnew and the user may add rows.
        if request.method == "POST" and not self.has_change_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        buttons = self.buttons(request, row) if row and may_manage(request) else []
        context = (extra_context or {}) | {"buttons": buttons}
        return super().change_view(request, object_id, form_url, context)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the user may view models or change them."""
        return may_manage(request) or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Return False: only the registry writes."""
        return False

    has_change_permission = has_delete_permission = has_add_permission
