"""HTTP API of the task list."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed, NotFound
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.html import is_html_input

from tasks.filters import StrictFilterBackend, TaskFilter
from tasks.idempotency import create_once
from tasks.models import Task
from tasks.openapi import clear_schema, task_schema
from tasks.page_forms import PageForms
from tasks.pagination import KeysetPagination
from tasks.preconditions import etag, is_not_modified
from tasks.renderers import TaskDetailPage, TaskListPage
from tasks.serializers import TaskSerializer


@task_schema
class TaskViewSet(PageForms):
    """Tasks."""

    queryset = Task.objects.order_by("id")
    serializer_class = TaskSerializer
    filter_backends = [StrictFilterBackend]
    filterset_class = TaskFilter
    pagination_class = KeysetPagination
    lookup_value_regex = "[0-9]+"
    required_permissions = {
        "GET": "tasks.view_task",
        "POST": "tasks.add_task",
        "PUT": "tasks.change_task",
        "PATCH": "tasks.change_task",
        "DELETE": "tasks.delete_task",
    }

    tasks: list[Task] | None = None  # set by paginate_queryset

    @property
    def allowed_methods(self) -> list[str]:
        """Allowed methods; the list allows DELETE only with a filter."""
        methods = super().allowed_methods
        if self.detail or TaskFilter.narrows(self.request.query_params):
            return methods
        return [method for method in methods if method != "DELETE"]

    def get_renderers(self) -> list[BaseRenderer]:
        """Return the site's renderers, with pages for tasks in a browser."""
        page = TaskDetailPage if self.detail else TaskListPage
        renderers = super().get_renderers()
        return [page() if type(r) is BrowsableAPIRenderer else r for r in renderers]

    @property
    def other_parameters(self) -> tuple[str, ...]:
        """Query parameters besides the filters; `clear` has no pages."""
        return ("format",) if self.action == "clear" else (*KeysetPagination.parameters, "format")

    def get_view_name(self) -> str:
        """Return the title of the page."""
        if self.task:
            return self.task.title
        return "Task" if self.detail else "Tasks"

    def get_object(self) -> Task:
        """Return the task, and keep it for the page."""
        try:
            self.task = super().get_object()
        except Http404 as exc:
            raise NotFound("There is no task with this id.") from exc
        return self.task

    def paginate_queryset(self, queryset: Any) -> Any:
        """Return the tasks of the page, and keep them for the template."""
        self.tasks = super().paginate_queryset(queryset)
        return self.tasks

    def get_queryset(self) -> QuerySet[Task]:
        """Return the tasks, locked if the request changes one."""
        queryset = super().get_queryset()
        if self.action in ("update", "partial_update", "destroy"):
            return queryset.select_for_update()
        return queryset

    def respond(self, task: Task, code: int = status.HTTP_200_OK) -> Response:
        """Return the response for a task; only JSON has an ETag, since a page shows more."""
        data = self.get_serializer(task).data
        headers = {"ETag": etag(task)} if self.responds_json() else {}
        if code == status.HTTP_201_CREATED:
            headers["Location"] = str(data["url"])
        return Response(data, code, headers=headers)

    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Create a task, or all tasks of a list."""
        many = isinstance(request.data, list)
        serializer = self.get_serializer(data=self.get_values(), many=many)
        serializer.is_valid(raise_exception=True)
        tasks = create_once(request, serializer)
        if many:
            return Response(self.get_serializer(tasks, many=True).data, status.HTTP_201_CREATED)
        return self.respond(tasks[0], status.HTTP_201_CREATED)

    def retrieve(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Return a task."""
        task = self.get_object()
        if self.responds_json() and is_not_modified(request, etag(task)):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag(task)})
        return self.respond(task)

    @transaction.atomic
    def update(self, request: Request, *_args: Any, **kwargs: Any) -> Response:
        """Change a task."""
        task = self.get_object()
        is_not_modified(request, etag(task))
        # A form omits an unticked box, so a form is a full update: a missing box means false.
        partial = kwargs.get("partial", not is_html_input(request.data))
        serializer = self.get_serializer(task, data=self.get_values(), partial=partial)
        serializer.is_valid(raise_exception=True)
        return self.respond(serializer.save())

    @transaction.atomic
    def destroy(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Delete a task."""
        task = self.get_object()
        is_not_modified(request, etag(task))
        task.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @clear_schema
    def clear(self, _request: Request) -> Response:
        """Delete the tasks that match the filters."""
        tasks = self.filter_queryset(self.get_queryset())
        if "DELETE" not in self.allowed_methods:
            sentence = "DELETE needs a filter here, such as ?done=true."
            raise MethodNotAllowed("DELETE", sentence)
        deleted, _ = tasks.delete()
        return Response({"deleted": deleted})
