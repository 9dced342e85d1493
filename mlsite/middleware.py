"""What happens to every request: an id, a line in the log, a limit on its body, a policy."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.encoding import escape_uri_path
from rest_framework.exceptions import MethodNotAllowed, Throttled

from mlsite.logs import request_id
from mlsite.sign_ins import LockedOut
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
        name = request.META.get("HTTP_X_REQUEST_ID", "")
        if not self.PLAIN_ID.fullmatch(name):
            name = uuid.uuid4().hex
        before = request_id.set(name)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = name
            took_ms = (time.perf_counter() - started) * 1000
            parts = {
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "ms": round(took_ms, 1),
            }
            # Only the path: secrets have been seen in query strings.
            path = escape_uri_path(request.path)
            status = response.status_code
            log.info(
                "%s %s %d %.1f ms", request.method, path, status, took_ms, extra={"parts": parts}
            )
        finally:
            request_id.reset(before)
        return response


# Where the server leaves word that a body did not come whole, as the status to answer.
BODY_REFUSED = "mlsite.body_refused"

CUT_OFF = {
    HTTPStatus.BAD_REQUEST: "The body was cut off.",
    HTTPStatus.LENGTH_REQUIRED: "A body in chunks must be JSON; others need Content-Length.",
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


class ContentSecurityPolicy:
    """Let pages load and send nothing outside this site."""

    POLICY = (
        "default-src 'self'; "
        # Inline styles: attributes in the templates of DRF and of the OpenAPI pages.
        "style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the policy to the answer."""
        response = self.get_response(request)
        response["Content-Security-Policy"] = self.POLICY
        return response


class LoginPage:
    """Send a browser that opens a page for which it must sign in to where it can."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the redirection; programs keep their 401."""
        response = self.get_response(request)
        if (
            response.status_code == HTTPStatus.UNAUTHORIZED
            and request.method == "GET"
            and "text/html" in request.META.get("HTTP_ACCEPT", "")
            and "HTTP_AUTHORIZATION" not in request.META
        ):
            return redirect_to_login(request.get_full_path())
        return response


class MethodRefusals:
    """Say in JSON, or on a page, what a view of Django's refuses with an empty 405."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the methods that there are."""
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or response.content:
            return response
        said = refused(request, MethodNotAllowed(request.method or ""))
        said["Allow"] = response["Allow"]
        return said


class LockedOutPage:
    """Answer for the forms that nobody may send after too many failures to sign in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 429, with Retry-After."""
        if isinstance(exception, LockedOut):
            return refused(request, Throttled(exception.wait_s, str(exception)))
        return None
