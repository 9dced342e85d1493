"""Who may use what everybody may use while the site is open."""

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.permissions import BasePermission

if TYPE_CHECKING:  # DRF imports this module while it makes these two
    from rest_framework.request import Request
    from rest_framework.views import APIView


class ApiAccess(BasePermission):
    """Everybody while API_ACCESS is open; whoever has logged in when it is token."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:  # noqa: ARG002 - DRF's
        """Return whether this request may go on."""
        return settings.API_ACCESS == "open" or request.user.is_authenticated
