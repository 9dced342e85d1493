"""What happens to every request: an id, a line in the log, a limit on its body, a policy."""

import logging
import re
import time
from collections.abc import Callable
from random import getrandbits

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.common import CommonMiddleware
from django.middleware.security import SecurityMiddleware
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed, Throttled

from mlsite.accounts.login_throttle import LockedOut
from mlsite.handler import BODY_REFUSED
from mlsite.server.access_log import RequestRecord, request_id
from mlsite.views import refused

GetResponse = Callable[[HttpRequest], HttpResponse]

log = logging.getLogger("mlsite.requests")


class RequestLog:
    """Give each request an id, and write its line: method, path, status, milliseconds."""

    PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, with X-Request-ID as it came or else a new one."""
        started = time.perf_counter()
        name = request.META.get("HTTP_X_REQUEST_ID")
        if name is None or not self.PLAIN_ID.fullmatch(name):
            name = f"{getrandbits(128):032x}"  # told apart, not kept secret
        before = request_id.set(name)
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = name
            took_ms = (time.perf_counter() - started) * 1000
            if log.isEnabledFor(logging.INFO):
                # Only the path: secrets have been seen in query strings.
                asked = (request.method or "", request.path)
                log.handle(RequestRecord(*asked, response.status_code, took_ms))
        finally:
            request_id.reset(before)
        return response


CUT_OFF = {
    status.HTTP_400_BAD_REQUEST: "The body was cut off.",
    status.HTTP_411_LENGTH_REQUIRED: "A body in chunks must be JSON; others need Content-Length.",
}


class BodyLimit:
    """Refuse bodies above MAX_BODY_BYTES, and those that did not come whole."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 413 to a body that says it is too long; pass the others on."""
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if declared.isascii() and declared.isdigit() and int(declared) > settings.MAX_BODY_BYTES:
            sentence = f"The body is larger than the {settings.MAX_BODY_BYTES:,} bytes taken here."
            return JsonResponse({"detail": sentence}, status=413)
        if refused_with := request.META.get(BODY_REFUSED):
            return JsonResponse({"detail": CUT_OFF[refused_with]}, status=refused_with)
        return self.get_response(request)


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
