"""Refusal of writes that pages of other sites make in a visitor's browser."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import PermissionDenied

from mlsite.middleware import GetResponse
from mlsite.views import refused

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class CrossOriginWriteGuard:
    """Refuse what the pages of other sites have a visitor's browser write here.

    While the site is open no login stands in their way. Browsers say which page asks, programs do
    not; a page that sends a token has been let in by whoever gave it the token.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 403 to such a request; pass the others on."""
        if request.method not in SAFE and self._foreign(request):
            return refused(request, PermissionDenied("The pages of other sites may not do this."))
        return self.get_response(request)

    @staticmethod
    def _foreign(request: HttpRequest) -> bool:
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
