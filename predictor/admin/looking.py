"""What the admin's pages share: rows are looked at; only the registry writes them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

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
