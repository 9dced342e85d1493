"""Who visits: Django's session, CSRF token, user and messages, in one layer."""

from functools import partial
from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.messages.storage import default_storage
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.functional import SimpleLazyObject


class Visitors(SessionMiddleware, CsrfViewMiddleware, AuthenticationMiddleware, MessageMiddleware):
    """Django's four, as they are, for requests with a cookie.

    A program sends none: the session and the messages of its request are made only if something
    asks for them, and written only then.
    """

    def process_request(self, request: Any) -> None:
        """Put the session, the user and the messages on the request."""
        if "HTTP_COOKIE" in request.META:
            SessionMiddleware.process_request(self, request)
            CsrfViewMiddleware.process_request(self, request)
            MessageMiddleware.process_request(self, request)
        else:
            request.session = SimpleLazyObject(partial(self._new_session, request))
            # The name under which Django looks for it.
            request._messages = SimpleLazyObject(partial(default_storage, request))  # noqa: SLF001
        AuthenticationMiddleware.process_request(self, request)

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """Write what has changed, and the cookies for it."""
        if "HTTP_COOKIE" in request.META or hasattr(request, "made_session"):
            MessageMiddleware.process_response(self, request, response)
            SessionMiddleware.process_response(self, request, response)
        return CsrfViewMiddleware.process_response(self, request, response)

    def _new_session(self, request: Any) -> SessionBase:
        request.made_session = True
        return self.SessionStore(None)
