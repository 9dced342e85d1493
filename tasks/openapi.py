"""The task list as OpenAPI describes it: what the code does not say by itself."""

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
    """Describe a header of the request."""
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


def refusals(*kinds: type[APIException]) -> dict[int, OpenApiResponse]:
    """Describe the refusals that are the task list's own."""
    return {
        kind.status_code: OpenApiResponse(description=str(kind.default_detail)) for kind in kinds
    }


ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    description="Another one after any change to the task.",
    response=[200, 201],
)
ID = OpenApiParameter("id", OpenApiTypes.INT64, OpenApiParameter.PATH)
IF_MATCH = header("If-Match", "ETags, or `*`; 412 if the task has none of them any more.")
IF_NONE_MATCH = header("If-None-Match", "ETags, or `*`; 304 if the task still has one of them.")
IDEMPOTENCY_KEY = header(
    "Idempotency-Key", "Up to 255 characters; the same key and body make nothing twice for a day."
)
TIMES = "Times without an offset are in UTC."
NOT_MODIFIED = OpenApiResponse(description="The client has the task as it is.")
CHANGED = refusals(PreconditionFailed)
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


ONE_OR_MANY = PolymorphicProxySerializer(
    component_name="TaskOrTasks",
    serializers=[TaskSerializer, TaskSerializer(many=True)],
    resource_type_field_name=None,
    many=False,
)


described = extend_schema_view(
    list=extend_schema(description="The tasks that pass the filters, a page at a time."),
    create=extend_schema(
        description=f"Make a task; as JSON also a list of up to 1,000, all or none. {TIMES}",
        parameters=[IDEMPOTENCY_KEY, ETAG],
        request={
            "application/json": ONE_OR_MANY,
            **dict.fromkeys(FORMS, TaskSerializer),
        },
        responses={201: ONE_OR_MANY, **refusals(TaskGone, KeyReused)},
    ),
    retrieve=extend_schema(
        description="A task.",
        parameters=[ID, IF_MATCH, IF_NONE_MATCH, ETAG],
        responses={200: TaskSerializer, 304: NOT_MODIFIED, **CHANGED},
    ),
    update=extend_schema(
        description=f"Change a task: as JSON what is sent, as a form all of its fields. {TIMES}",
        parameters=[ID, IF_MATCH, ETAG],
        request={
            "application/json": TaskSerializer(partial=True),
            **dict.fromkeys(FORMS, TaskSerializer),
        },
        responses={200: TaskSerializer, **CHANGED},
    ),
    partial_update=extend_schema(
        description=f"Change the fields that are sent. {TIMES}",
        parameters=[ID, IF_MATCH, ETAG],
        responses={200: TaskSerializer, **CHANGED},
    ),
    destroy=extend_schema(
        description="Delete a task.",
        parameters=[ID, IF_MATCH],
        responses={204: OpenApiResponse(description="It is deleted."), **CHANGED},
    ),
)
described_clear = extend_schema(
    operation_id="tasks_clear",
    description="Delete the tasks that pass the filters; without a filter, 405.",
    filters=True,
    responses={
        200: inline_serializer("Deleted", {"deleted": serializers.IntegerField()}),
        405: OpenApiResponse(description="No filter is given."),
    },
)
