"""Pages of the task list in the browsable API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import status
from rest_framework.renderers import BrowsableAPIRenderer, HTMLFormRenderer
from rest_framework.request import Request

from tasks.pagination import KeysetPagination

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
    """The browsable API of one task, or of the list."""

    form_renderer_class = TaskForm
    template = "tasks/page.html"
    renderer_context: dict[str, Any]  # set by `render`

    def get_breadcrumbs(self, request: Request) -> list[tuple[str, str]]:
        """Return the breadcrumbs, with the title of the task as the last one."""
        *before, (_, here) = super().get_breadcrumbs(request)
        return [*before, (self.get_name(self.renderer_context["view"]), here)]

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the template context; offer DELETE only if it would delete something."""
        context: dict[str, Any] = super().get_context(data, *args)
        if not context["view"].detail and context["delete_form"]:
            context |= self.get_clear_context(context["view"], context["request"])
        return context

    def get_clear_context(self, view: Any, request: Request) -> dict[str, Any]:
        """Return the number of tasks that a DELETE of the list deletes on all pages, and its URL.

        There is no DELETE button after an error or after a DELETE.
        """
        if (
            request.method != "GET"
            or self.renderer_context["response"].status_code != status.HTTP_200_OK
        ):
            return {"delete_form": False}
        filters = request.query_params.copy()
        for name in KeysetPagination.parameters:
            filters.pop(name, None)
        n_tasks = view.filter_queryset(view.get_queryset()).count()
        address = f"{request.path}?{filters.urlencode()}"
        return {"delete_form": n_tasks > 0, "n_tasks": n_tasks, "address": address}

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return the form for a method; empty after a task was created."""
        created = self.renderer_context["response"].status_code == status.HTTP_201_CREATED
        return super().get_rendered_html_form(None if created else data, view, method, request)

    def get_filter_form(self, data: Any, view: Any, request: Request) -> Any:
        """Return the filter form with its values, also after an error."""
        shown = not view.detail and self.renderer_context["response"].status_code not in NOT_ALLOWED
        return super().get_filter_form([] if shown else data, view, request)
