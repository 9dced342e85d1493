"""What happens to every request: an id, a line in the log, a limit on its body, a policy."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.common import CommonMiddleware
from django.middleware.security import SecurityMiddleware
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed, Throttled

from mlsite.accounts.login_throttle import LockedOut
from mlsite.server.access_log import current_request_id, log_request, request_id_from
from mlsite.server.request_body import declared_length, is_chunked
from mlsite.views import refused

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestLog:
    """Gives each request an id and writes its line to the access log."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; the response carries the id in X-Request-ID."""
        started = time.perf_counter()
        request_id = request_id_from(request.META)
        token = current_request_id.set(request_id)
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request_id
            ms = (time.perf_counter() - started) * 1000
            log_request(request.method or "", request.path, response.status_code, ms, request_id)
        finally:
            current_request_id.reset(token)
        return response


class BodyLimit:
    """Refuses bodies that are larger than MAX_BODY_BYTES or incomplete.

    A chunked body ends with its connection if it is truncated. JSON shows its own end; other
    types do not, and must declare their length.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 413, 411 or 400 to such a body."""
        chunked, length = is_chunked(request.META), declared_length(request.META)
        if length > settings.MAX_BODY_BYTES:
            sentence = f"The body is larger than the {settings.MAX_BODY_BYTES:,} bytes taken here."
            return _refusal(sentence, status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)
        if chunked and "json" not in request.META.get("CONTENT_TYPE", ""):
            sentence = "A body in chunks must be JSON; others need Content-Length."
            return _refusal(sentence, status.HTTP_411_LENGTH_REQUIRED)
        if (chunked and not length) or (length and len(request.body) < length):
            return _refusal("The body was cut off.", status.HTTP_400_BAD_REQUEST)
        return self.get_response(request)


def _refusal(sentence: str, code: int) -> JsonResponse:
    return JsonResponse({"detail": sentence}, status=code)


class Headers(SecurityMiddleware):
    """Add what browsers are to be told: Django's own headers, and to keep to this site."""

    POLICY = (
        "default-src 'self'; "
        # Inline styles: attributes in the templates of DRF and of the OpenAPI pages.
        "style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        unchanged = HttpResponse()
        super().process_response(HttpRequest(), unchanged)
        added = {
            "X-Frame-Options": settings.X_FRAME_OPTIONS,
            "Content-Security-Policy": self.POLICY,
        }
        for name, value in added.items():
            unchanged.headers[name] = value
        del unchanged.headers["Content-Type"]
        self.always = unchanged.headers._store  # noqa: SLF001 - names and values, looked at once

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Add them, where the view did not say otherwise."""
        response.headers._store = self.always | response.headers._store  # noqa: SLF001
        if self.sts_seconds:
            super().process_response(request, response)
        return response


class Common(CommonMiddleware):
    """Django's, with the hosts remembered that were found to be of this site.

    Nothing else that it looks at before a request is answered is set here.
    """

    MOST_REMEMBERED = 100

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self.hosts: set[str] = set()

    def process_request(self, request: HttpRequest) -> None:
        """Refuse a request for another host."""
        host = request.META.get("HTTP_HOST")
        if host not in self.hosts:
            super().process_request(request)
            if host and len(self.hosts) < self.MOST_REMEMBERED:
                self.hosts.add(host)


class Refusals:
    """Answer what views refuse in a way that whoever asked can go on from."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Send a browser that must sign in to where it can; fill Django's empty 405."""
        response = self.get_response(request)
        if response.status_code == status.HTTP_401_UNAUTHORIZED and self._is_browser(request):
            return redirect_to_login(request.get_full_path())
        if response.status_code == status.HTTP_405_METHOD_NOT_ALLOWED and not response.content:
            said = refused(request, MethodNotAllowed(request.method or ""))
            said["Allow"] = response["Allow"]
            return said
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a form that nobody may send after too many failures: 429, with Retry-After."""
        if isinstance(exception, LockedOut):
            return refused(request, Throttled(exception.wait_s, str(exception)))
        return None

    @staticmethod
    def _is_browser(request: HttpRequest) -> bool:
        """Return whether it opens a page; programs, and what brings credentials, keep their 401."""
        return (
            request.method == "GET"
            and "text/html" in request.META.get("HTTP_ACCEPT", "")
            and "HTTP_AUTHORIZATION" not in request.META
        )
