"""What the admin's pages share: rows are looked at; only the registry writes them."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from predictor.permissions import MANAGE


def may_manage(request: HttpRequest) -> bool:
    """Return whether this user may change what is live."""
    return request.user.has_perm(MANAGE)


def managed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view for those who may manage models, and a refusal for others."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_manage(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


class LookingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Rows that the admin shows and never writes."""

    actions = None
    show_full_result_count = False
    address = ""  # how the names of its confirmation pages begin

    def verbs(self) -> Mapping[str, Callable[..., HttpResponse]]:
        """Return the confirmation page of each thing that may be done to a row."""
        return {}

    def buttons(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - a row's own
        """Return the label and the address of what may be done to this row now."""
        return []

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the confirmation pages before the admin's own."""
        own = [
            path(
                f"<int:pk>/{verb}/",
                transaction.non_atomic_requests(self.admin_site.admin_view(managed(view))),
                name=f"{self.address}_{verb}",
            )
            for verb, view in self.verbs().items()
        ]
        return own + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a row, with a button for what may be done to it now."""
        row = self.get_object(request, object_id)
        buttons = self.buttons(request, row) if row and may_manage(request) else []
        context = (extra_context or {}) | {"buttons": buttons}
        return super().change_view(request, object_id, form_url, context)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether this user may look: who manages models may, too."""
        return may_manage(request) or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's
        """Return that nobody may."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """Return that nobody may."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """Return that nobody may."""
        return False
