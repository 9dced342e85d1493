"""Permissions of the prediction service."""

from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request, override_method
from rest_framework.views import APIView

from predictor import conf

VIEW = "predictor.view_registeredmodel"
PREDICT = "predictor.predict"
MANAGE = "predictor.change_registeredmodel"

# The site's classes without HTTP Basic, whose password check costs 190 ms of hashing, unless the
# site has no other.
FAST_AUTHENTICATION = (
    tuple(cls for cls in APIView.authentication_classes if not issubclass(cls, BasicAuthentication))
    or APIView.authentication_classes
)


class ManagesModels(IsAdminUser):
    """Allows staff with the permission to change models, also on an open site."""

    message = f"The user must be staff with the permission {MANAGE}."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the user is staff and may change models."""
        return super().has_permission(request, view) and request.user.has_perm(MANAGE)


def may_read(request: Request, view: APIView) -> bool:
    """Return whether the user may send a GET to a view, whose response names models."""
    try:
        with override_method(view, request, "GET") as reading:
            view.check_permissions(reading)
    except APIException:
        return False
    return True


def needs_token(request: Request) -> bool:
    """Return whether a program needs a token for the requests of this user."""
    return request.user.is_authenticated and not conf.is_open()
