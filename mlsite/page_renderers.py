"""Renderers of the home page and of the schema."""

from typing import Any

from django.utils import timezone
from rest_framework import status
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.views import APIView

from mlsite import reference
from mlsite.accounts.permissions import is_permitted
from mlsite.overview import first_steps, list_due_tasks, list_models
from predictor.api.links import absolute_url
from predictor.conf import default_model
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
        if is_permitted(context["user"], VIEW):
            search = request.query_params.get("search", "").strip()
            models = list_models(search)
            context |= {
                "models": models,
                "search": search,
                "has_search": bool(search) or len(models) > MAX_WITHOUT_SEARCH,
                "first_steps": None if search else first_steps(request, models),
            }
        if is_permitted(context["user"], "tasks.view_task"):
            context["due_tasks"] = list_due_tasks()
        return context


class SchemaPage(BrowsableAPIRenderer):
    """The page of the schema: a reference of the API for people."""

    template = "mlsite/schema.html"

    def get_name(self, view: APIView) -> str:
        """Return the heading."""
        del view
        return "API reference"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        if context["response"].status_code == status.HTTP_200_OK and data:
            origin = absolute_url(context["request"], "home").rstrip("/")
            context["subjects"] = reference.subjects(data, origin, default_model())
            context["objects"] = reference.objects(data)
        return context
