"""Renderers of the home page and of the schema."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import status
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.views import APIView

from mlsite.overview import first_steps, list_due_tasks, list_models
from predictor.permissions import VIEW

# With more models, the page has a search.
MAX_WITHOUT_SEARCH = 10


class HomePage(BrowsableAPIRenderer):
    """The home page: the models, the tasks that are due, and the first steps."""

    template = "mlsite/home.html"

    def get_name(self, view: APIView) -> str:
        """Return the heading."""
        del view
        return "Models and tasks over HTTP"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the template's context, limited to the permissions of the user."""
        context: dict[str, Any] = super().get_context(data, *args)
        request = context["request"]
        if context["response"].status_code != status.HTTP_200_OK or request.method != "GET":
            return context
        context |= {"is_overview": True, "now": timezone.now()}
        if may_see(context["user"], VIEW):
            search = request.query_params.get("search", "").strip()
            models = list_models(search)
            context |= {
                "models": models,
                "search": search,
                "has_search": bool(search) or len(models) > MAX_WITHOUT_SEARCH,
                "first_steps": None if search else first_steps(request, models),
            }
        if may_see(context["user"], "tasks.view_task"):
            context["due_tasks"] = list_due_tasks()
        return context


class SchemaPage(BrowsableAPIRenderer):
    """The page of the schema: links to its formats, since it is too long for a table."""

    template = "mlsite/schema.html"


def may_see(user: Any, permission: str) -> bool:
    """Return whether the user may read the resources with this permission."""
    return settings.API_ACCESS == "open" or user.has_perm(permission)
