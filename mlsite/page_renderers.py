"""Renderers of the home page and of the schema."""

from typing import Any

from django.utils import timezone
from rest_framework import status
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.views import APIView

from mlsite import reference
from mlsite.accounts.permissions import is_permitted
from mlsite.described_model import get_described_model
from mlsite.overview import describe, first_steps, list_due_tasks, with_live_versions
from predictor import registry
from predictor.api.links import get_origin
from predictor.api.model_list import describe_page, get_page, get_search
from predictor.api.renderers import shows_cards
from predictor.permissions import VIEW


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
            search = get_search(request)
            page = get_page(with_live_versions(registry.search(search)), request)
            models = [describe(model) for model in page]
            context |= describe_page(page, request)
            context |= {
                "models": models,
                "first_steps": None if search else first_steps(request, models),
            }
        if is_permitted(context["user"], "tasks.view_task"):
            context["due_tasks"] = list_due_tasks()
        return context


class SchemaPage(BrowsableAPIRenderer):
    """The page of the schema: a reference of the API for people, for one model."""

    template = "mlsite/schema.html"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        if shows_cards(context) and data:
            request = context["request"]
            origin = get_origin(request)
            name = get_described_model(request)
            context |= {
                "described_model": name,
                "subjects": reference.subjects(data, origin, name or "NAME"),
                "objects": reference.objects(data),
            }
        return context
