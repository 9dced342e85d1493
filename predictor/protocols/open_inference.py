"""Open Inference Protocol (V2), REST.

References
----------
https://github.com/kserve/open-inference-protocol
"""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework.fields import BooleanField
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from predictor import exceptions
from predictor.runtime.store import get_store


class Health(APIView):
    """Health URLs for load balancers, which never require a login."""

    authentication_classes = ()
    permission_classes = ()

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        """Return the handler of the core's exceptions."""
        return exceptions.handle


class Live(Health):
    """Whether this process is running."""

    @extend_schema(
        operation_id="live", responses=inline_serializer("Live", {"live": BooleanField()})
    )
    def get(self, _request: Request) -> Response:
        """Return that this process is running."""
        return Response({"live": True})


class Ready(Health):
    """Whether this process has loaded every live model."""

    @extend_schema(
        operation_id="ready",
        responses={
            200: inline_serializer("Ready", {"live": BooleanField(), "ready": BooleanField()}),
            503: OpenApiResponse(description="A live model cannot be served."),
        },
    )
    def get(self, _request: Request) -> Response:
        """Return that every live model is loaded; 503 if one cannot be served."""
        get_store().check()
        return Response({"live": True, "ready": True})
