"""DRF permission of URLs that are public while the site is open."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission

if TYPE_CHECKING:  # DRF imports this module while it defines these classes
    from rest_framework.request import Request
    from rest_framework.views import APIView


def is_permitted(user: Any, permission: str) -> bool:
    """Return whether a user has a permission, which an open site gives to everyone."""
    return settings.API_ACCESS == "open" or user.has_perm(permission)


class ApiAccess(BasePermission):
    """Allows all requests if API_ACCESS is open, else users with the view's permission.

    A view names the permission of each method in `required_permissions`. A view without this
    attribute allows every user.
    """

    message: str | None = None  # of a 403; DRF's own by default

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        """Return whether the request is allowed."""
        if settings.API_ACCESS == "open":
            return True
        if not request.user.is_authenticated:
            if request.META.get("HTTP_AUTHORIZATION", "").lower().startswith("basic "):
                raise NotAuthenticated("HTTP Basic is too slow for this URL; send a token.")
            return False
        required = getattr(view, "required_permissions", None)
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method or ""
        if required is None or not hasattr(view, method.lower()):
            return True  # the view answers 405
        permission = required.get(method)
        self.message = f"The user needs the permission {permission}." if permission else None
        return permission is not None and request.user.has_perm(permission)
