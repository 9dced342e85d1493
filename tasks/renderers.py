"""Pages of the task list: DRF's browsable API with templates for people."""

import secrets
from collections.abc import Mapping
from copy import copy
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BrowsableAPIRenderer, HTMLFormRenderer
from rest_framework.request import Request

from tasks.conflicts import list_differences
from tasks.facets import MAX_COUNT, Facets, as_text
from tasks.filters import TaskFilter
from tasks.models import Priority, Task
from tasks.preconditions import etag

NOT_ALLOWED = (status.HTTP_401_UNAUTHORIZED, status.HTTP_403_FORBIDDEN)


class TaskForm(HTMLFormRenderer):
    """The form of a task."""

    def render_field(self, field: Any, parent_style: Mapping[str, Any]) -> str:
        """Return a field. An input for a time is empty if the submitted text is not a time."""
        try:
            return str(super().render_field(field, parent_style))
        except ValueError:
            field.value = ""
            return str(super().render_field(field, parent_style))


class TaskPage(BrowsableAPIRenderer):
    """Base class of the pages of tasks."""

    form_renderer_class = TaskForm
    renderer_context: dict[str, Any]  # set by `render`

    def is_allowed(self, view: Any, request: Request, method: str) -> bool:
        """Return whether the user may send requests with this method."""
        # The list has no PATCH, so that its permissions cannot tell about the PATCH of a task.
        permission = view.required_permissions[method]
        return settings.API_ACCESS == "open" or request.user.has_perm(permission)


class TaskListPage(TaskPage):
    """The list: choices with counts, a table to tick off, quick add."""

    template = "tasks/list.html"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        view, request, response = context["view"], context["request"], context["response"]
        is_rejected = response.status_code == status.HTTP_400_BAD_REQUEST
        has_values = request.method == "POST" and is_rejected and "detail" not in response.data
        context["submitted"] = request.data if has_values else {}
        tasks = self.get_tasks(view, request, response.status_code)
        if tasks is None or request.query_params.get("format") == self.format:
            return context
        is_only_page = not view.paginator.next and not view.paginator.previous
        facets = Facets(request.query_params, tasks if is_only_page else None)
        total = facets.total()
        return context | {
            "tasks": tasks,
            "priorities": Priority.choices,
            "now": timezone.now(),
            "facets": facets,
            "total": total,
            "total_text": as_text(total),
            "has_more": total > MAX_COUNT,
            "applied": list_applied(request.query_params),
            "clear_query": self.get_clear_query(facets),
            "form_key": secrets.token_urlsafe(16),
            "may_add": self.is_allowed(view, request, "POST"),
            "may_change": self.is_allowed(view, request, "PATCH"),
            "may_clear": self.is_allowed(view, request, "DELETE"),
        }

    def get_tasks(self, view: Any, request: Request, code: int) -> list[Any] | None:
        """Return the tasks of the page: also beside a form that was refused; None otherwise."""
        if request.method == "POST" and code == status.HTTP_400_BAD_REQUEST:
            if not self.is_allowed(view, request, "GET"):
                return None
            try:
                view.list(request)
            except ValidationError:  # of the filters; the response reports the form
                return None
        tasks: list[Any] | None = view.tasks
        return tasks

    def get_clear_query(self, facets: Facets) -> str:
        """Return the query of a DELETE of these tasks, but not of later changes; or nothing."""
        if not TaskFilter.narrows(facets.params):
            return ""
        params = facets.params.copy()
        params.pop("ordering", None)
        now = timezone.now()
        for name in ("updated_before", *(["due_before"] if params.get("overdue") else [])):
            # A form sends an empty limit too, and a limit can be in the future.
            limit = TaskFilter.base_filters[name].field.clean(params.get(name, ""))
            params[name] = min(limit or now, now).isoformat()
        return f"?{params.urlencode()}"

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return only whether there is a form: the template has its own."""
        if method in ("POST", "PUT"):
            return None
        return super().get_rendered_html_form(data, view, method, request)

    def get_filter_form(self, data: Any, view: Any, request: Request) -> Any:
        """Return the filter form with its values, also after an error."""
        shown = self.renderer_context["response"].status_code not in NOT_ALLOWED
        return super().get_filter_form([] if shown else data, view, request)


class TaskDetailPage(TaskPage):
    """One task: a form of its fields, and both states if it has changed since the form was made."""

    template = "tasks/detail.html"

    def get_breadcrumbs(self, request: Request) -> list[tuple[str, str]]:
        """Return the breadcrumbs, with the title of the task as the last one."""
        *before, (_, here) = super().get_breadcrumbs(request)
        return [*before, (self.get_name(self.renderer_context["view"]), here)]

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        view, request, response = context["view"], context["request"], context["response"]
        task, code = view.task, response.status_code
        if task is None or code == status.HTTP_204_NO_CONTENT:
            return context
        current = etag(task)
        shown = request.headers.get("If-Match", current)
        has_changed = code == status.HTTP_412_PRECONDITION_FAILED
        context |= {"task": task, "now": timezone.now(), "etag": current if has_changed else shown}
        if has_changed and request.method == "PUT":
            form = validate_form(view)
            context["differences"] = list_differences(task, getattr(form, "validated_data", {}))
        return context

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return the form for a method, with the submitted values if the task has changed."""
        code = self.renderer_context["response"].status_code
        if method != "PUT" or code != status.HTTP_412_PRECONDITION_FAILED:
            return super().get_rendered_html_form(data, view, method, request)
        if not self.is_allowed(view, request, "PUT"):
            return None
        if request.method != "PUT":
            return self.render_form_for_serializer(view.get_serializer(view.task))
        form = validate_form(view)
        if not form.errors:  # a valid serializer would show the saved task
            submitted = copy(view.task)
            for name, value in form.validated_data.items():
                setattr(submitted, name, value)
            form = view.get_serializer(submitted)
        return self.render_form_for_serializer(form)


def validate_form(view: Any) -> Any:
    """Return the validated serializer of a form that was rejected because the task has changed."""
    form = view.get_serializer(view.task, data=view.get_values())
    form.is_valid()
    return form


def list_applied(params: Any) -> list[tuple[str, str]]:
    """Return the labels and the values of the filters in a valid query."""
    applied = []
    for name, field in TaskFilter(params, Task.objects.none()).form.fields.items():
        value = params.get(name, "").strip()
        if value and name != "ordering":
            choices = {str(key): str(text) for key, text in getattr(field, "choices", ())}
            applied.append((str(field.label), choices.get(value, value)))
    return applied
