"""How a request comes in: Django's WSGI handler, with what never differs between requests kept."""

import io
from collections.abc import Callable
from threading import local
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections, reset_queries
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch, set_script_prefix
from django.utils.log import log_response
from rest_framework import status

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Where the handler leaves word that a body did not come whole, as the status to answer.
BODY_REFUSED = "mlsite.body_refused"

# So many paths are remembered, and none that is longer, so that nobody fills the memory with them.
MOST_PATHS = 1000
LONGEST_PATH = 200


class Request(WSGIRequest):
    """Django's request, with its body read already."""

    def __init__(self, environ: "WSGIEnvironment") -> None:
        body = read_body(environ)
        super().__init__(environ)
        if body is not None:
            self._body = body  # where Django keeps it

    def let_go(self) -> None:
        """Forget the session, the user and the messages, which hold this request in turn.

        What holds itself is left to the garbage collector, which takes longer to find it than
        many a request takes to answer.
        """
        vars(self).clear()


class Kept(local):
    """What a thread has from one request to the next: where Django looks it up it takes longer."""

    prefix = ""  # what stands before the addresses

    def __init__(self) -> None:
        self.connection = connections[DEFAULT_DB_ALIAS]


class Handler(WSGIHandler):
    """Django's handler, for one site with one table of addresses, and one database."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = Kept()
        self._matches: dict[str, ResolverMatch] = {}
        # The one connection is looked at below. No cache of this site has anything to close, no
        # request a table of its own, and queries are kept for DEBUG alone.
        request_started.disconnect(close_old_connections)
        request_finished.disconnect(close_old_connections)
        request_finished.disconnect(close_caches)
        request_finished.disconnect(reset_urlconf)
        if not settings.DEBUG:
            request_started.disconnect(reset_queries)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        """Answer one request.

        A body that is there already is returned as a list, for the server to send at once: what it
        has to iterate over and close costs it another turn of a thread.
        """
        request_started.send(sender=type(self), environ=environ)
        request = Request(environ)
        kept = self._kept
        if kept.prefix != environ["SCRIPT_NAME"]:
            kept.prefix = environ["SCRIPT_NAME"]
            set_script_prefix(kept.prefix)
        response = self.get_response(request)
        if kept.connection.connection is not None:
            kept.connection.close_if_unusable_or_obsolete()
        headers = list(response.headers._store.values())  # noqa: SLF001 - items(), one by one
        headers += [("Set-Cookie", one.OutputString()) for one in response.cookies.values()]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        if not isinstance(response, HttpResponse):  # it streams
            return response
        body = [response.content]
        response.close()
        request.let_go()
        return body

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response. The table of addresses is that of the settings, set or not."""
        response: HttpResponseBase = self._middleware_chain(request)  # type: ignore[attr-defined]
        response._resource_closers.append(request.close)  # type: ignore[attr-defined]  # noqa: SLF001 - as Django does
        if response.status_code >= status.HTTP_400_BAD_REQUEST:
            said = ("%s: %s", response.reason_phrase, request.path)
            log_response(*said, response=response, request=request)  # type: ignore[arg-type]  # it may stream
        return response

    def make_view_atomic(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Return the view as it is: no setting asks for a transaction around each request."""
        return view

    def check_response(
        self, response: Any, callback: Callable[..., Any], name: str | None = None
    ) -> None:
        """Complain of what is no response."""
        if not isinstance(response, HttpResponseBase):
            super().check_response(response, callback, name)

    def resolve_request(self, request: HttpRequest) -> Any:
        """Return the view that the request is for and its arguments."""
        path = request.path_info
        if match := self._matches.get(path):
            request.resolver_match = match
            return match
        match = super().resolve_request(request)
        if len(path) <= LONGEST_PATH and len(self._matches) < MOST_PATHS:
            self._matches[path] = match
        return match


def read_body(environ: "WSGIEnvironment") -> bytes | None:
    """Return the body; None where it is too long, or of unknown length.

    Word is left of one that was cut off: Django would take it for a shorter one. A body in chunks
    gets a length, for without one Django takes it for none at all. Where it was cut cannot be
    seen, so that only JSON, which shows its own end, may come in chunks.
    """
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        if not environ.get("wsgi.input_terminated"):
            return None
        body: bytes = environ["wsgi.input"].read(settings.MAX_BODY_BYTES + 1)  # one is too many
        if "json" not in environ.get("CONTENT_TYPE", ""):
            environ[BODY_REFUSED] = status.HTTP_411_LENGTH_REQUIRED
        elif not body:
            environ[BODY_REFUSED] = status.HTTP_400_BAD_REQUEST
        environ["CONTENT_LENGTH"] = str(len(body))
    else:
        declared = environ.get("CONTENT_LENGTH") or "0"
        length = int(declared) if declared.isascii() and declared.isdigit() else 0
        if not 0 < length <= settings.MAX_BODY_BYTES:
            return None
        body = environ["wsgi.input"].read(length)
        if len(body) < length:
            environ[BODY_REFUSED] = status.HTTP_400_BAD_REQUEST
    environ["wsgi.input"] = io.BytesIO(body)
    return body
