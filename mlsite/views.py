"""Home, the two hello resources, and the answers to what is not there."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port
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
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from mlsite.page_renderers import HomePage
from predictor.api.strict_json import JSONRenderer


class Home(APIView):
    """What is served here, and where to go from here."""

    name = "Home"
    renderer_classes = (JSONRenderer, HomePage)

    @extend_schema(operation_id="home", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Return the site's addresses."""
        return Response(
            {
                "status": "alive",
                "predict": reverse("predict", request=request),
                "models": reverse("model-list", request=request),
                "tasks": reverse("task-list", request=request),
                "docs": reverse("docs", request=request),
                "schema": reverse("schema", request=request),
                "admin": reverse("admin:index", request=request),
            }
        )


class TextView(APIView):
    """A view that answers with text, whatever is asked for; how it refuses is negotiated."""

    def perform_content_negotiation(
        self,
        request: Request,
        force: bool = False,  # noqa: ARG002, FBT001, FBT002 - DRF's signature
    ) -> Any:
        """Return how a refusal is written: where nothing fits, as JSON."""
        return super().perform_content_negotiation(request, force=True)


class Hello(TextView):
    """The two hello resources."""

    name = "Hello"

    @extend_schema(operation_id="hello", responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, _request: Request, number: str) -> HttpResponse:
        """Say hello, as plain text."""
        return HttpResponse(f"Hello_world {number}", content_type="text/plain; charset=utf-8")


class Schema(SpectacularAPIView):
    """The site's OpenAPI 3 schema, as JSON or YAML."""

    name = "Schema"
    renderer_classes = [
        OpenApiJsonRenderer2,  # plain application/json, which a browser shows
        OpenApiJsonRenderer,
        OpenApiYamlRenderer,
        OpenApiYamlRenderer2,
        BrowsableAPIRenderer,
    ]


class Docs(SpectacularSwaggerSplitView):
    """The pages of the schema."""

    schema = None
    url_name = "schema"
    http_method_names = ["get", "head"]  # pages only: theirs has no answer to OPTIONS
    renderer_classes = [*SpectacularSwaggerSplitView.renderer_classes, JSONRenderer]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the page."""
        if request.accepted_renderer.format == "json":
            raise NotAcceptable
        page: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return page

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a refusal as the other addresses do."""
        self.renderer_classes = list(APIView.renderer_classes)
        neg = self.perform_content_negotiation(self.request, force=True)
        self.request.accepted_renderer, self.request.accepted_media_type = neg
        return super().handle_exception(exc)


class Onlooker(SessionAuthentication):
    """Who is looking: only for what does nothing, since no CSRF token is asked for."""

    def enforce_csrf(self, request: Request) -> None:
        """Ask for nothing."""


class ErrorView(APIView):
    """A refusal that no view of ours made, answered as theirs are: JSON, or a page to a browser."""

    authentication_classes = (Onlooker,)
    permission_classes = ()
    schema = None
    name = description = ""
    http_method_names = []  # there is nothing here that could be asked
    refusal: APIException = NotFound()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise self.refusal


def refused(request: HttpRequest, refusal: APIException) -> HttpResponse:
    """Answer a request that no view of ours will have."""
    response: Response = ErrorView.as_view(
        name=HTTPStatus(refusal.status_code).phrase, refusal=refusal
    )(request)
    response.render()  # Django does it for views, but not for middleware
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's
    """Answer an address that is not one of the site's."""
    return refused(request, NotFound("There is nothing at this address."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what a Django view forbids."""
    return refused(request, PermissionDenied(str(exception) or None))


def csrf_failure(request: HttpRequest, reason: str) -> HttpResponse:
    """Answer a form whose CSRF token is missing or wrong."""
    return refused(request, PermissionDenied(f"CSRF: {reason}"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself will not read, such as one for another host."""
    sentence = "Bad request."
    if isinstance(exception, DisallowedHost):
        named = request.META.get("HTTP_HOST", "")
        host = split_domain_port(named)[0] or named
        sentence = f"This site does not answer for the host {host!r}; ALLOWED_HOSTS says for which."
    return JsonResponse({"detail": sentence}, status=status.HTTP_400_BAD_REQUEST)


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's
    """Answer a failure, telling nothing of it."""
    sentence = "The server failed to answer this request."
    return JsonResponse({"detail": sentence}, status=status.HTTP_500_INTERNAL_SERVER_ERROR)
