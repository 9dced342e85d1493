"""What the admin's pages share: rows are looked at; only the registry writes them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

# Who may look may not change: this is who may promote, roll back, reset, retire and upload.
MANAGE = "predictor.change_registeredmodel"


def may_manage(request: HttpRequest) -> bool:
    """Return whether this user may change what is live."""
    return request.user.has_perm(MANAGE)


class LookingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Rows that the admin shows and never writes."""

    actions = None
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's
        """Return that nobody may."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """Return that nobody may."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """Return that nobody may."""
        return False
