"""The one table from facts to statuses."""

from typing import Any

from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from predictor.core.errors import ArtifactError, Busy, Conflict, InvalidInput, ModelNotFound

STATUSES: dict[type[Exception], int] = {
    InvalidInput: status.HTTP_400_BAD_REQUEST,
    ModelNotFound: status.HTTP_404_NOT_FOUND,
    Conflict: status.HTTP_409_CONFLICT,
    ArtifactError: status.HTTP_503_SERVICE_UNAVAILABLE,
    Busy: status.HTTP_503_SERVICE_UNAVAILABLE,
}
# When to come again, where that is known.
RETRY_AFTER_S: dict[type[Exception], int] = {Busy: 1}


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a fact of the core with its status; leave what else there is to DRF."""
    code = STATUSES.get(type(exc))
    if code is None:
        return exception_handler(exc, context)
    columns = exc.columns if isinstance(exc, InvalidInput) else {}
    wait_s = RETRY_AFTER_S.get(type(exc))
    headers = {"Retry-After": str(wait_s)} if wait_s else None
    return Response(columns or {"detail": str(exc)}, status=code, headers=headers)
