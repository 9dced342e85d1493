"""The task list over HTTP."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.html import is_html_input
from rest_framework.viewsets import ModelViewSet

from tasks.filters import StrictFilterBackend, TaskFilter
from tasks.idempotency import create_once
from tasks.models import Task
from tasks.openapi import described, described_clear
from tasks.pagination import KeyPagination
from tasks.preconditions import etag, is_not_modified
from tasks.renderers import TaskPage
from tasks.serializers import TaskSerializer


@described
class TaskViewSet(ModelViewSet[Task]):
    """Things to do."""

    queryset = Task.objects.order_by("id")
    serializer_class = TaskSerializer
    renderer_classes = [
        TaskPage if one is BrowsableAPIRenderer else one for one in ModelViewSet.renderer_classes
    ]
    filter_backends = [StrictFilterBackend]
    filterset_class = TaskFilter
    pagination_class = KeyPagination
    lookup_value_regex = "[0-9]+"
    required_permissions = {
        "GET": "tasks.view_task",
        "POST": "tasks.add_task",
        "PUT": "tasks.change_task",
        "PATCH": "tasks.change_task",
        "DELETE": "tasks.delete_task",
    }

    task: Task | None = None  # the one that the request is about, once it has been found

    @property
    def allowed_methods(self) -> list[str]:
        """The methods of this address: the list has DELETE only while a filter narrows it."""
        methods = super().allowed_methods
        if self.detail or TaskFilter.narrows(self.request.query_params):
            return methods
        return [method for method in methods if method != "DELETE"]

    @property
    def other_parameters(self) -> tuple[str, ...]:
        """The parameters that are no filters: where nothing is paged, none that would page."""
        return ("format",) if self.action == "clear" else (*KeyPagination.parameters, "format")

    def get_view_name(self) -> str:
        """Return the title of the page."""
        if self.task:
            return self.task.title
        return "Task" if self.detail else "Tasks"

    def get_object(self) -> Task:
        """Return the task that the request is about, and keep it for the page."""
        self.task = super().get_object()
        return self.task

    def get_queryset(self) -> QuerySet[Task]:
        """Return the tasks, locked for those who write them."""
        queryset = super().get_queryset()
        if self.action in ("update", "partial_update", "destroy"):
            return queryset.select_for_update()
        return queryset

    def answer(self, task: Task, code: int = status.HTTP_200_OK) -> Response:
        """Return the task; as JSON with its ETag, since a page holds more than the task."""
        data = self.get_serializer(task).data
        headers = {"ETag": etag(task)} if self.answers_json() else {}
        if code == status.HTTP_201_CREATED:
            headers["Location"] = str(data["url"])
        return Response(data, code, headers=headers)

    def answers_json(self) -> bool:
        """Return whether the answer is JSON and not a page."""
        return self.request.accepted_renderer.format == "json"

    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Make a task, or each task of a list."""
        many = isinstance(request.data, list)
        serializer = self.get_serializer(data=request.data, many=many)
        serializer.is_valid(raise_exception=True)
        tasks = create_once(request, serializer)
        if many:
            return Response(self.get_serializer(tasks, many=True).data, status.HTTP_201_CREATED)
        return self.answer(tasks[0], status.HTTP_201_CREATED)

    def retrieve(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Return a task."""
        task = self.get_object()
        if self.answers_json() and is_not_modified(request, etag(task)):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag(task)})
        return self.answer(task)

    @transaction.atomic
    def update(self, request: Request, *_args: Any, **kwargs: Any) -> Response:
        """Change a task."""
        task = self.get_object()
        is_not_modified(request, etag(task))
        # An unticked box is absent from a form: there, and only there, absent means false.
        partial = kwargs.get("partial", not is_html_input(request.data))
        serializer = self.get_serializer(task, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return self.answer(serializer.save())

    @transaction.atomic
    def destroy(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Delete a task."""
        task = self.get_object()
        is_not_modified(request, etag(task))
        task.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @described_clear
    def clear(self, _request: Request) -> Response:
        """Delete the tasks that pass the filters."""
        tasks = self.filter_queryset(self.get_queryset())
        if "DELETE" not in self.allowed_methods:
            raise MethodNotAllowed("DELETE")
        deleted, _ = tasks.delete()
        return Response({"deleted": deleted})
