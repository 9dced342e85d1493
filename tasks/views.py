"""The task list over HTTP."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.html import is_html_input
from rest_framework.viewsets import ModelViewSet

from tasks.filters import StrictFilterBackend, TaskFilter
from tasks.models import Task
from tasks.paging import KeyPagination
from tasks.serializers import TaskSerializer


class TaskViewSet(ModelViewSet[Task]):
    """Things to do.

    A JSON `PUT` changes only the fields that it holds; one from the form below sends them all.
    """

    queryset = Task.objects.order_by("id")
    serializer_class = TaskSerializer
    filter_backends = [StrictFilterBackend]
    filterset_class = TaskFilter
    pagination_class = KeyPagination
    other_parameters = ("cursor", "page_size", "format")
    lookup_value_regex = "[0-9]+"

    def get_queryset(self) -> QuerySet[Task]:
        """Return the tasks, locked for those who write them."""
        queryset = super().get_queryset()
        if self.action in ("update", "partial_update", "destroy"):
            return queryset.select_for_update()
        return queryset

    @extend_schema(
        request={
            "application/json": TaskSerializer(partial=True),
            "application/x-www-form-urlencoded": TaskSerializer,
            "multipart/form-data": TaskSerializer,
        }
    )
    @transaction.atomic
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change a task."""
        # An unticked box is absent from a form: there, and only there, absent means false.
        kwargs.setdefault("partial", not is_html_input(request.data))
        return super().update(request, *args, **kwargs)

    @transaction.atomic
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a task."""
        return super().destroy(request, *args, **kwargs)
