"""Which of Django's permissions the prediction service asks for, and who manages models."""

from rest_framework.authentication import BasicAuthentication
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.views import APIView

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
    """Staff who may change registered models, however open the site is."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether this request may go on."""
        return super().has_permission(request, view) and request.user.has_perm(MANAGE)
