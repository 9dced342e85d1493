"""ETags and conditional requests (RFC 9110, section 13)."""

import hashlib
import json
from datetime import datetime

from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request

from tasks.models import Task


class PreconditionFailed(APIException):
    """The task has changed since the client read it."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "The task has changed since you read it; read it again."
    default_code = "precondition_failed"


def etag(task: Task) -> str:
    """Return the ETag of the task; every change changes it."""
    values = [field.value_from_object(task) for field in Task._meta.concrete_fields]  # noqa: SLF001 - documented
    state = json.dumps(values, default=datetime.isoformat).encode()
    return f'"{hashlib.sha256(state).hexdigest()[:32]}"'


def is_not_modified(request: Request, tag: str) -> bool:
    """Check the preconditions; return whether the client already has this state of the task.

    Raises
    ------
    PreconditionFailed
        If-Match does not contain the tag, or If-None-Match contains it in a write request.
    ParseError
        If-Match contains no tag. Ignoring it would allow a write that the client wanted guarded.
    """
    if "If-Match" in request.headers and not parse_etags(request.headers["If-Match"]):
        raise ParseError("If-Match takes ETags in their quotes, or *.")
    response = get_conditional_response(request, etag=tag)
    if response is not None and response.status_code == status.HTTP_412_PRECONDITION_FAILED:
        raise PreconditionFailed
    return response is not None
