"""Home, the two hello resources, and the answers to what is not there."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import api_view
from rest_framework.exceptions import APIException, NotFound, ParseError, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView


class Home(APIView):
    """What is served here, and where to go from here."""

    name = "Home"

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


@extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR})
@api_view(["GET"])
def hello(_request: Request, number: str) -> HttpResponse:
    """Say hello, as plain text."""
    return HttpResponse(f"Hello_world {number}", content_type="text/plain; charset=utf-8")


class Unanswered(APIView):
    """An error that no view of ours raised, answered as ours are: JSON, or a page to a browser."""

    authentication_classes = ()
    permission_classes = ()
    schema = None
    exception: APIException = NotFound()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise the error, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise self.exception
