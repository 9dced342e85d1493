"""OpenAPI descriptions of the task list that the code does not imply."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.exceptions import APIException

from tasks.idempotency import KeyReused, TaskGone
from tasks.preconditions import PreconditionFailed
from tasks.serializers import TaskSerializer


def header(name: str, description: str) -> OpenApiParameter:
    """Return the description of a request header."""
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


def error_responses(*kinds: type[APIException]) -> dict[int, OpenApiResponse]:
    """Return the descriptions of error responses specific to tasks."""
    return {
        kind.status_code: OpenApiResponse(description=str(kind.default_detail)) for kind in kinds
    }


ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    description="Changes with every change to the task.",
    response=[200, 201],
)
ID = OpenApiParameter("id", OpenApiTypes.INT64, OpenApiParameter.PATH)
IF_MATCH = header("If-Match", "ETags, or `*`; 412 if the task no longer has one of them.")
IF_NONE_MATCH = header("If-None-Match", "ETags, or `*`; 304 if the task still has one of them.")
IDEMPOTENCY_KEY = header(
    "Idempotency-Key",
    "Up to 255 characters; repeating a key with the same body within a day creates nothing.",
)
TIMES = "Times without an offset are in UTC."
NOT_MODIFIED = OpenApiResponse(description="The client already has the current state.")
CHANGED = error_responses(PreconditionFailed)

ONE_OR_MANY = PolymorphicProxySerializer(
    component_name="TaskOrTasks",
    serializers=[TaskSerializer, TaskSerializer(many=True)],
    resource_type_field_name=None,
    many=False,
)


task_schema = extend_schema_view(
    list=extend_schema(description="List the tasks that match the filters, in pages."),
    create=extend_schema(
        description=f"Create a task, or all of a JSON list of 1 to 1,000. {TIMES}",
        parameters=[IDEMPOTENCY_KEY, ETAG],
        request=ONE_OR_MANY,
        responses={201: ONE_OR_MANY, **error_responses(TaskGone, KeyReused)},
    ),
    retrieve=extend_schema(
        description="Return a task.",
        parameters=[ID, IF_MATCH, IF_NONE_MATCH, ETAG],
        responses={200: TaskSerializer, 304: NOT_MODIFIED, **CHANGED},
    ),
    update=extend_schema(
        description="Change the fields of a task that are in the body. "
        f"A form changes all fields. {TIMES}",
        parameters=[ID, IF_MATCH, ETAG],
        request=TaskSerializer(partial=True),
        responses={200: TaskSerializer, **CHANGED},
    ),
    partial_update=extend_schema(
        description=f"Change the fields of a task that are in the body. {TIMES}",
        parameters=[ID, IF_MATCH, ETAG],
        responses={200: TaskSerializer, **CHANGED},
    ),
    destroy=extend_schema(
        description="Delete a task.",
        parameters=[ID, IF_MATCH],
        responses={204: OpenApiResponse(description="The task is deleted."), **CHANGED},
    ),
)
clear_schema = extend_schema(
    operation_id="tasks_clear",
    description="Delete the tasks that match the filters; 405 without a filter.",
    filters=True,
    responses={
        200: inline_serializer("Deleted", {"deleted": serializers.IntegerField()}),
        405: OpenApiResponse(description="The request has no filter."),
    },
)
