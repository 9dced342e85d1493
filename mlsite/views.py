"""Views of the site: home, hello, schema, docs, and error responses."""

import re
import sys
from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.core.exceptions import DisallowedHost
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.utils.decorators import method_decorator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException, NotAcceptable, NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mlsite.database import unavailable, why_unavailable
from mlsite.error_pages import error_response, error_text
from mlsite.page_renderers import HomePage, SchemaPage
from predictor import exceptions, registry
from predictor.api.links import absolute_url
from predictor.api.model_list import get_search
from predictor.api.openapi import MODEL
from predictor.api.strict_json import JSONRenderer
from predictor.core.model_name import NAME, NAME_RULE, NUMBER, NUMBER_RULE


class Home(APIView):
    """Overview of the site, with the URLs of its resources."""

    name = "Home"
    renderer_classes = (JSONRenderer, HomePage)

    @extend_schema(operation_id="home", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Return the URLs of the resources."""
        if isinstance(request.accepted_renderer, HomePage):
            get_search(request)  # refuses an invalid text
        return Response(
            {
                "status": "alive",
                "predict": absolute_url(request, "predict"),
                "models": absolute_url(request, "model-list"),
                "tasks": absolute_url(request, "task-list"),
                "docs": absolute_url(request, "docs"),
                "schema": absolute_url(request, "schema"),
                "admin": absolute_url(request, "admin:index"),
            }
        )


class TextView(APIView):
    """A view that responds with plain text for any Accept header; errors are negotiated."""

    def perform_content_negotiation(
        self,
        request: Request,
        force: bool = False,  # noqa: ARG002, FBT001, FBT002 - DRF's signature
    ) -> Any:
        """Return the renderer of errors; JSON if none is acceptable."""
        return super().perform_content_negotiation(request, force=True)


class Hello(TextView):
    """The two hello resources."""

    name = "Hello"

    @extend_schema(operation_id="hello", responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, _request: Request, number: str) -> HttpResponse:
        """Return the greeting."""
        return HttpResponse(f"Hello_world {number}", content_type="text/plain; charset=utf-8")


class Schema(SpectacularAPIView):
    """OpenAPI 3 schema of the site, as JSON or YAML: of all models, or of one with `?model=`."""

    name = "API reference"
    schema = None
    renderer_classes = [
        OpenApiJsonRenderer2,  # plain application/json, which browsers display
        OpenApiJsonRenderer,
        OpenApiYamlRenderer,
        OpenApiYamlRenderer2,
        SchemaPage,
    ]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the schema."""
        if name := request.query_params.get(MODEL):
            registry.check_name(name)
            registry.find(name)
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]  # untyped
        return response

    def get_exception_handler(self) -> exceptions.Handler:
        """Return the handler that also responds to an unknown model."""
        return exceptions.handle


@method_decorator(csp_update({"style-src": [UNSAFE_INLINE]}), name="dispatch")  # of Swagger UI
class Docs(SpectacularSwaggerSplitView):
    """Documentation pages of the schema."""

    schema = None
    url_name = "schema"
    http_method_names = ["get", "head"]  # the base class cannot answer OPTIONS
    renderer_classes = [*SpectacularSwaggerSplitView.renderer_classes, JSONRenderer]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the page."""
        if request.accepted_renderer.format == "json":
            raise NotAcceptable
        page: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return page

    def handle_exception(self, exc: Exception) -> Response:
        """Respond to an error as the other views do."""
        self.renderer_classes = list(APIView.renderer_classes)
        neg = self.perform_content_negotiation(self.request, force=True)
        self.request.accepted_renderer, self.request.accepted_media_type = neg
        return super().handle_exception(exc)


class ReadOnlySession(SessionAuthentication):
    """The session's user, without a CSRF check: only for views that change nothing."""

    def enforce_csrf(self, request: Request) -> None:
        """Check nothing."""


class ErrorView(APIView):
    """Response to an error outside the API's views, in their form: JSON, or a page in a browser."""

    authentication_classes = (ReadOnlySession,)
    permission_classes = ()
    schema = None
    name = description = ""
    http_method_names = []  # the page offers no request
    error: APIException = NotFound()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise the error for every method."""
        super().initial(request, *args, **kwargs)
        raise self.error


def respond_error(request: HttpRequest, error: APIException) -> HttpResponse:
    """Return the response to a request that fails outside the API's views."""
    view = ErrorView.as_view(name=error_text(error.status_code).title, error=error)
    response: Response = view(request)
    response.render()  # Django renders responses of views, but not of middleware
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's
    """Respond to an unknown URL."""
    hints = []
    model = re.match("/models/([^/]+)", request.path)
    if model and not re.fullmatch(NAME, model[1]):
        hints.append(f"The name of a model is not valid. {NAME_RULE}")
    version = re.match("/models/[^/]+/versions/([^/]+)", request.path)
    if version and not re.fullmatch(NUMBER, version[1]):
        hints.append(NUMBER_RULE)
    hints = hints or ["/docs/ lists all addresses."]
    sentence = " ".join(["There is nothing at this address.", *hints])
    return respond_error(request, NotFound(sentence))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Respond to a PermissionDenied of a Django view."""
    return respond_error(request, PermissionDenied(str(exception) or None))


def csrf_failure(request: HttpRequest, reason: str) -> HttpResponse:
    """Respond to a form with a missing or wrong CSRF token."""
    hint = "A form needs the cookie and the token of its page. Programs send a token or a password."
    return respond_error(request, PermissionDenied(f"CSRF: {reason} {hint}"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Respond to a request that Django refuses, such as a request for another host."""
    sentence = "Bad request."
    if isinstance(exception, DisallowedHost):
        named = request.META.get("HTTP_HOST", "")
        host = split_domain_port(named)[0] or named
        sentence = f"This site does not answer for the host {host!r}; see ALLOWED_HOSTS."
    return error_response(request, status.HTTP_400_BAD_REQUEST, sentence)


def server_error(request: HttpRequest) -> HttpResponse:
    """Respond to an unexpected exception, without details of it.

    Without the database, the response is a 503; to a number that it cannot hold, a 400.
    """
    exc = sys.exception()
    if why := why_unavailable(exc):
        return unavailable(request, why)
    if isinstance(exc, DataError):
        sentence = "A number in the request is out of range."
        return error_response(request, status.HTTP_400_BAD_REQUEST, sentence)
    sentence = "The server failed to answer this request."
    return error_response(request, status.HTTP_500_INTERNAL_SERVER_ERROR, sentence)
