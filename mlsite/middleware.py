"""Middleware of the site: access log, security header, body limit, completed errors."""

import time
from collections.abc import Callable
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import SAFE_METHODS

from mlsite.accounts.login_throttle import LockedOut
from mlsite.database import LOST, database_file, unavailable
from mlsite.error_pages import error_response, wants_page
from mlsite.exceptions import describe_methods
from mlsite.server.access_log import (
    LoggedRequest,
    current_request_id,
    log_requests,
    request_id_from,
)
from mlsite.server.body_bounds import REFUSED
from mlsite.server.request_body import declared_length, is_chunked
from mlsite.views import respond_error
from predictor.protocols.open_inference import Health, Ready

GetResponse = Callable[[HttpRequest], HttpResponse]

BUSY = "The server is busy. Try again in a few seconds."

# Longest body of a URL-encoded form. Python decodes a million percent signs in seconds.
MAX_FORM_BYTES = 2**20

LONG_FORM = (
    f"A URL-encoded form has at most {MAX_FORM_BYTES:,} bytes. Send JSON with the header "
    "'Content-Type: application/json', or a form as multipart/form-data."
)


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
            seconds = time.perf_counter() - started
            line = LoggedRequest(
                request.method or "",
                request.path,
                response.status_code,
                seconds,
                request_id,
                time.time(),
            )
            log_requests([line])
        finally:
            current_request_id.reset(token)
        return response


class CacheHeaders:
    """Names the headers on which a response depends, and keeps private pages out of caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self.get_response(request)
        patch_vary_headers(response, ("Accept", "Authorization", "Cookie"))
        is_private = (
            settings.API_ACCESS == "token"
            or "HTTP_AUTHORIZATION" in request.META
            or settings.SESSION_COOKIE_NAME in request.COOKIES
        )
        if is_private and response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class ContentSecurityPolicy(CSPMiddleware):
    """django-csp's middleware, with the directives in the order of the settings."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002 - django-csp's signature
    ) -> PolicyParts:
        """Return the directives as an update: their other order differs between processes."""
        parts = super().get_policy_parts(request, response, report_only)
        if report_only or parts.config or parts.replace:  # decorators of a view
            return parts
        directives = dict(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])
        for name, sources in (parts.update or {}).items():
            directives[name] = [*directives.get(name, ()), *sources]
        return replace(parts, config={}, update=directives)


class BodyLimit:
    """Refuses bodies that are too large, compressed or incomplete, or of too many requests.

    A truncated chunked body cannot be told from a complete body. JSON is invalid if its end is
    missing; bodies of other types must declare their length.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 503, 413, 411, 415 or 400 to such a body."""
        if REFUSED in request.META:
            return unavailable(request, BUSY)
        chunked, length = is_chunked(request.META), declared_length(request.META)
        is_form = request.content_type == "application/x-www-form-urlencoded"
        is_long_form = is_form and length > MAX_FORM_BYTES
        if is_long_form or length > settings.MAX_BODY_BYTES:
            too_long = f"The body is larger than the limit of {settings.MAX_BODY_BYTES:,} bytes."
            sentence = LONG_FORM if is_long_form else too_long
            return error_response(request, status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, sentence)
        if chunked and "json" not in request.META.get("CONTENT_TYPE", ""):
            sentence = "A chunked body must be JSON; other bodies need Content-Length."
            return error_response(request, status.HTTP_411_LENGTH_REQUIRED, sentence)
        encoding = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
        if encoding != "identity" and (chunked or length):
            sentence = f"The body has Content-Encoding {encoding}. Send it without compression."
            return error_response(request, status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, sentence)
        if (chunked and not length) or (length and len(request.body) < length):
            return error_response(request, status.HTTP_400_BAD_REQUEST, "The body is incomplete.")
        return self.get_response(request)


class DatabaseGuard:
    """Keeps an unavailable database from the rest of the site.

    Requests that may wait for it are limited in number, so that predictions always find a thread.
    No change is confirmed that went to a removed file.
    """

    # Together with the requests that wait for models, fewer than the server has threads.
    MAX_REQUESTS = 96

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.places = BoundedSemaphore(self.MAX_REQUESTS)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; 503 if the file of the database is lost after it."""
        try:
            response = self.get_response(request)
        finally:
            if limited := getattr(request, "takes_place", False):
                self.places.release()
        if limited and request.method not in SAFE_METHODS and database_file.is_lost():
            return unavailable(request, LOST)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_arguments: Any
    ) -> HttpResponse | None:
        """Take a place for the request, unless it is a prediction or a health check."""
        view_class: Any = getattr(view, "view_class", object)
        is_free = hasattr(view_class, "codec") or issubclass(view_class, Health)
        may_lose = view_class is Ready if is_free else request.method not in SAFE_METHODS
        if may_lose and database_file.is_lost():
            return unavailable(request, LOST)
        if is_free:
            return None
        if not self.places.acquire(blocking=False):
            return unavailable(request, BUSY)
        request.takes_place = True  # type: ignore[attr-defined]  # for __call__
        return None


class ErrorResponses:
    """Completes error responses so that the client can go on from them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Redirect a browser from a 401 to the login; give Django's empty 405 a body."""
        response = self.get_response(request)
        if response.status_code == status.HTTP_401_UNAUTHORIZED and self._opens_page(request):
            return redirect_to_login(request.get_full_path())
        if response.status_code == status.HTTP_405_METHOD_NOT_ALLOWED and not response.content:
            method, allowed = request.method or "", response["Allow"].split(", ")
            sentence = describe_methods(MethodNotAllowed(method), allowed)
            completed = respond_error(request, MethodNotAllowed(method, sentence))
            completed["Allow"] = response["Allow"]
            return completed
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 429 with Retry-After to a login form after too many failed logins."""
        if isinstance(exception, LockedOut):
            return respond_error(request, exception)
        return None

    @staticmethod
    def _opens_page(request: HttpRequest) -> bool:
        """Return whether a browser opens a page; a program, or one with credentials, does not."""
        return (
            request.method == "GET"
            and wants_page(request)
            and "HTTP_AUTHORIZATION" not in request.META
        )
