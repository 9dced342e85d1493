"""An APIView that does per request only what may differ from one request to the next."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.cookie import SimpleCookie
from django.http.response import ResponseHeaders
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from predictor.core.cohorts import answering
from predictor.permissions import FAST_AUTHENTICATION

# So many Accept headers are remembered, so that nobody fills the memory with them.
MOST_REMEMBERED = 100


class LeanRequest(Request):
    """DRF's request, with at hand what every request is asked for."""

    def __init__(self, request: HttpRequest, **parts: Any) -> None:
        super().__init__(request, **parts)
        self.META = request.META
        self.method = request.method


class WrittenResponse(HttpResponse):
    """A response with its content as bytes, and headers that are fit to be sent."""

    SAME: ClassVar[dict[str, Any]] = vars(HttpResponse())

    def __init__(self, content: bytes, content_type: str, headers: dict[str, str]) -> None:
        self.__dict__ |= self.SAME
        self.headers = ResponseHeaders({})
        store = self.headers._store = {name.lower(): (name, headers[name]) for name in headers}  # noqa: SLF001
        store["content-type"] = ("Content-Type", content_type)
        store["content-length"] = ("Content-Length", str(len(content)))
        self.cookies = SimpleCookie()
        self._resource_closers: list[Callable[[], None]] = []
        self._container = [content]


class LeanView(APIView):
    """An APIView for work of a few microseconds: the same answers as DRF's, sooner.

    What follows from the view's class alone is found once, which renderer an Accept header asks
    for is remembered, and JSON is written at once. Parsers, authenticators and permissions keep
    nothing of a request, and serve all of them. Nothing of an answered request holds itself, to be
    left to the garbage collector.
    """

    authentication_classes = FAST_AUTHENTICATION
    head: ClassVar[Callable[..., Any]]
    always: ClassVar[dict[str, str]]
    checked: ClassVar[ResponseHeaders]  # the same, found to be without line breaks
    remembered: ClassVar[dict[str, tuple[BaseRenderer, str]]]
    parsers: ClassVar[list[BaseParser]]
    authenticators: ClassVar[list[BaseAuthentication]]
    permissions: ClassVar[list[Any]]

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "get"):
            cls.head = cls.get  # where it is missing, Django gives each view a method bound to it
        methods = [name.upper() for name in cls.http_method_names if hasattr(cls, name)]
        # The answer may depend on a cookie even where none came.
        cls.always = {"Allow": ", ".join(methods), "Vary": "Accept, Cookie"}
        cls.checked = ResponseHeaders(cls.always)
        cls.remembered = {}
        cls.parsers = [parser() for parser in cls.parser_classes]
        cls.authenticators = [one() for one in cls.authentication_classes]
        cls.permissions = [one() for one in cls.permission_classes]

    def initialize_request(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> Request:
        """Return the request as views have it."""
        return LeanRequest(
            request,
            parsers=self.parsers,
            authenticators=self.authenticators,
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    @property
    def default_response_headers(self) -> dict[str, str]:
        """The headers of every answer."""
        return dict(self.always)

    def get_permissions(self) -> list[Any]:
        """Return what looks at who may go on."""
        return self.permissions

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002 - DRF's signature
        """Return the renderer and the media type of the answer."""
        if request.META.get("QUERY_STRING"):  # which may name a format
            return super().perform_content_negotiation(request, force)
        accept = request.META.get("HTTP_ACCEPT", "")
        known = self.remembered.get(accept)
        if known:
            return known
        found = super().perform_content_negotiation(request, force)
        # The renderer of JSON keeps nothing of a request; only it can serve several.
        if found[0].format == "json" and not force and len(self.remembered) < MOST_REMEMBERED:
            self.remembered[accept] = found
        return found

    def perform_authentication(self, request: Request) -> None:
        """Look at what says who is asking. Where nothing came, `request.user` looks when asked."""
        if "HTTP_AUTHORIZATION" in request.META or "HTTP_COOKIE" in request.META:
            super().perform_authentication(request)

    def let_wait(self, request: Request) -> None:
        """Have the answer sent with others of its call, if to write JSON is all that is left.

        A page takes its time to be drawn, and a session may wait for the database.
        """
        plain = request.accepted_renderer.format == "json" and "HTTP_COOKIE" not in request.META
        answering.may_wait = answering.together and plain

    def answer(self, request: Request, data: Any, headers: dict[str, str]) -> HttpResponseBase:
        """Return the data with these headers, as JSON or on a page."""
        renderer = request.accepted_renderer
        if renderer.format != "json":
            return Response(data, headers=headers)
        content: Any = renderer.render(data, request.accepted_media_type)
        return WrittenResponse(content, renderer.media_type, headers)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Any:
        """Return the response, with what will render it if that is still to come."""
        if isinstance(response, Response):
            return super().finalize_response(request, response, *args, **kwargs)
        response.headers._store |= self.checked._store  # noqa: SLF001
        request.parser_context.clear()  # it holds the request and the view
        return response
