"""Who visits: Django's session, CSRF token, user and messages, in one layer."""

from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.messages.storage import default_storage
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Stranger(HttpRequest):
    """A request without a cookie: its session, user and messages are made if they are asked for."""

    made_session = False

    @cached_property
    def session(self) -> SessionBase:  # type: ignore[override]
        """A new session."""
        self.made_session = True
        store = import_module(settings.SESSION_ENGINE).SessionStore
        return cast("SessionBase", store(None))

    @cached_property
    def user(self) -> "AnonymousUser":  # type: ignore[override]
        """Nobody, until somebody signs in."""
        return cast("AnonymousUser", get_user(self))

    @cached_property
    def _messages(self) -> BaseStorage:
        return default_storage(self)


@cache
def stranger(kind: type[HttpRequest]) -> type[HttpRequest]:
    """Return requests of a kind as those of strangers."""
    return type("Stranger", (Stranger, kind), {})


class Visitors(SessionMiddleware, CsrfViewMiddleware, AuthenticationMiddleware, MessageMiddleware):
    """Django's four, as they are, for requests with a cookie.

    A program sends none: what it never asks for is neither made nor written.
    """

    def process_request(self, request: Any) -> None:
        """Put the session, the user and the messages on the request."""
        if "HTTP_COOKIE" not in request.META:
            kind: type[HttpRequest] = type(request)
            request.__class__ = stranger(kind)  # type: ignore[arg-type]  # a class has a hash
            return
        SessionMiddleware.process_request(self, request)
        CsrfViewMiddleware.process_request(self, request)
        MessageMiddleware.process_request(self, request)
        AuthenticationMiddleware.process_request(self, request)

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """Write what has changed, and the cookies for it."""
        if not isinstance(request, Stranger) or request.made_session:
            MessageMiddleware.process_response(self, request, response)
            SessionMiddleware.process_response(self, request, response)
        return CsrfViewMiddleware.process_response(self, request, response)
