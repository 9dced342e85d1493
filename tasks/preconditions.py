"""ETags, and requests that hold only for the task as its client has seen it (RFC 9110, 13)."""

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
    """The task is not what the client takes it for."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "The task has changed since; read it again."
    default_code = "precondition_failed"


def etag(task: Task) -> str:
    """Return the tag of the task as it is: another one after any change, whoever makes it."""
    values = [field.value_from_object(task) for field in Task._meta.concrete_fields]  # noqa: SLF001 - documented
    state = json.dumps(values, default=datetime.isoformat).encode()
    return f'"{hashlib.sha256(state).hexdigest()[:32]}"'


def is_not_modified(request: Request, tag: str) -> bool:
    """Return whether the client that reads has the task already.

    Raises
    ------
    PreconditionFailed
        If-Match names other tags, or If-None-Match this one in a request that writes.
    ParseError
        If-Match holds no tag: passed over, it would let a write through that was to be guarded.
    """
    if "If-Match" in request.headers and not parse_etags(request.headers["If-Match"]):
        raise ParseError("If-Match takes ETags in their quotes, or *.")
    response = get_conditional_response(request, etag=tag)
    if response is not None and response.status_code == status.HTTP_412_PRECONDITION_FAILED:
        raise PreconditionFailed
    return response is not None
