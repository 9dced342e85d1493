"""The pages of tasks: what a list would lose by a DELETE, and forms that are ready for the next."""

from typing import Any

from rest_framework import status
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request

from tasks.pagination import KeyPagination

CLOSED = (status.HTTP_401_UNAUTHORIZED, status.HTTP_403_FORBIDDEN)


class TaskPage(BrowsableAPIRenderer):
    """The browsable API of one task, or of the list."""

    template = "tasks/page.html"
    renderer_context: dict[str, Any]  # where `render` leaves the view and the response

    def get_breadcrumbs(self, request: Request) -> list[tuple[str, str]]:
        """Return the way here, with the task under its own title."""
        *before, (_, here) = super().get_breadcrumbs(request)
        return [*before, (self.get_name(self.renderer_context["view"]), here)]

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return what the template shows; DELETE is offered where it would delete something."""
        context: dict[str, Any] = super().get_context(data, *args)
        if not context["view"].detail and context["delete_form"]:
            context |= self.get_removal(context["view"], context["request"])
        return context

    def get_removal(self, view: Any, request: Request) -> dict[str, Any]:
        """Return how many tasks a DELETE of the list would take, on whatever page, and its address.

        Only what a list shows can be deleted: not what is refused, nor what has been deleted.
        """
        if (
            request.method != "GET"
            or self.renderer_context["response"].status_code != status.HTTP_200_OK
        ):
            return {"delete_form": False}
        filters = request.query_params.copy()
        for name in KeyPagination.parameters:
            filters.pop(name, None)
        n_tasks = view.filter_queryset(view.get_queryset()).count()
        address = f"{request.path}?{filters.urlencode()}"
        return {"delete_form": n_tasks > 0, "n_tasks": n_tasks, "address": address}

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return the form for a method; an empty one once a task has been made."""
        made = self.renderer_context["response"].status_code == status.HTTP_201_CREATED
        return super().get_rendered_html_form(None if made else data, view, method, request)

    def get_filter_form(self, data: Any, view: Any, request: Request) -> Any:
        """Return the filters of a list, as they were typed, whatever became of them."""
        shown = not view.detail and self.renderer_context["response"].status_code not in CLOSED
        return super().get_filter_form([] if shown else data, view, request)
