"""Who may use what everybody may use while the site is open."""

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission

if TYPE_CHECKING:  # DRF imports this module while it makes these two
    from rest_framework.request import Request
    from rest_framework.views import APIView


class ApiAccess(BasePermission):
    """Everybody while API_ACCESS is open; when it is token, users with the view's permission.

    A view says in `required_permissions` what each of its methods takes. One that says nothing
    takes every user.
    """

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        """Return whether this request may go on."""
        if settings.API_ACCESS == "open":
            return True
        if not request.user.is_authenticated:
            if request.META.get("HTTP_AUTHORIZATION", "").lower().startswith("basic "):
                raise NotAuthenticated("No HTTP Basic here, where it is too slow: send a token.")
            return False
        required = getattr(view, "required_permissions", None)
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method or ""
        if required is None or not hasattr(view, method.lower()):
            return True  # a 405 is the view's to give
        permission = required.get(method)
        return permission is not None and request.user.has_perm(permission)
