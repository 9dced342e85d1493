"""Status codes of the core's exceptions."""

from collections.abc import Callable
from typing import Any, cast

from rest_framework import status
from rest_framework.response import Response
from rest_framework.settings import api_settings

from predictor.core.errors import (
    ArtifactError,
    Busy,
    Conflict,
    EstimatorFailed,
    InvalidInput,
    ModelNotFound,
)
from predictor.permissions import may_read

Handler = Callable[[Exception, dict[str, Any]], Response | None]

STATUSES: dict[type[Exception], int] = {
    InvalidInput: status.HTTP_400_BAD_REQUEST,
    ModelNotFound: status.HTTP_404_NOT_FOUND,
    Conflict: status.HTTP_409_CONFLICT,
    ArtifactError: status.HTTP_503_SERVICE_UNAVAILABLE,
    Busy: status.HTTP_503_SERVICE_UNAVAILABLE,
    EstimatorFailed: status.HTTP_503_SERVICE_UNAVAILABLE,
}
RETRY_AFTER_S: dict[type[Exception], int] = {Busy: 1, EstimatorFailed: 10}


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Return the response to an exception of the core. The site's handler answers all others."""
    code = STATUSES.get(type(exc))
    if code is None:
        return cast("Handler", api_settings.EXCEPTION_HANDLER)(exc, context)
    columns = exc.columns if isinstance(exc, InvalidInput) else {}
    sentence = str(exc)
    if isinstance(exc, ModelNotFound) and may_read(context["request"], context["view"]):
        sentence += exc.hint
    wait_s = RETRY_AFTER_S.get(type(exc))
    headers = {"Retry-After": str(wait_s)} if wait_s else None
    return Response(columns or {"detail": sentence}, status=code, headers=headers)
