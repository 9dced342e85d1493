"""Refusal of writes that pages of other sites make through a user's browser."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import PermissionDenied

from mlsite.middleware import GetResponse
from mlsite.views import respond_error

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class CrossOriginWriteGuard:
    """Refuses writes of a browser that come from a page of another site.

    While the site is open, no login protects it from such pages. Browsers name the page in Origin
    and Sec-Fetch-Site; programs send neither. A page that sends a token was given it on purpose.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 403 to such a write."""
        if request.method not in SAFE and self._is_cross_origin(request):
            return respond_error(
                request, PermissionDenied("Pages of other sites must not write here.")
            )
        return self.get_response(request)

    @staticmethod
    def _is_cross_origin(request: HttpRequest) -> bool:
        origin = request.META.get("HTTP_ORIGIN")
        site = request.META.get("HTTP_SEC_FETCH_SITE")
        if site is None and origin is None:
            return False
        if origin in settings.CSRF_TRUSTED_ORIGINS:
            return False
        scheme = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[0].lower()
        if scheme in ("bearer", "token"):
            return False
        if site is not None:
            return site not in ("same-origin", "none")
        return origin != f"{request.scheme}://{request.get_host()}"
