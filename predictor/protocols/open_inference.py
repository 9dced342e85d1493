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
    """What load balancers ask: never a login, never a page."""

    authentication_classes = ()
    permission_classes = ()

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        """Return the table."""
        return exceptions.handle


class Live(Health):
    """Whether this process answers."""

    @extend_schema(
        operation_id="live", responses=inline_serializer("Live", {"live": BooleanField()})
    )
    def get(self, _request: Request) -> Response:
        """Return that it does."""
        return Response({"live": True})


class Ready(Health):
    """Whether this process has every live model loaded."""

    @extend_schema(
        operation_id="ready",
        responses={
            200: inline_serializer("Ready", {"live": BooleanField(), "ready": BooleanField()}),
            503: OpenApiResponse(description="A live model cannot be served."),
        },
    )
    def get(self, _request: Request) -> Response:
        """Return that it has; 503 where nothing can be served for one."""
        get_store().check()
        return Response({"live": True, "ready": True})
