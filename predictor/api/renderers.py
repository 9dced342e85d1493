"""HTML pages of the prediction service, based on DRF's browsable API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import status
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from predictor import registry
from predictor.models import ModelVersion
from predictor.permissions import ManagesModels
from predictor.recipes import RECIPES


def shows_cards(context: Mapping[str, Any]) -> bool:
    """Return whether the response is the cards; that to OPTIONS is a description of the view."""
    is_ok: bool = context["response"].status_code == status.HTTP_200_OK
    return is_ok and context["request"].method != "OPTIONS"


class ModelListPage(BrowsableAPIRenderer):
    """The page of the list of models."""

    template = "predictor/model_list.html"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        return context | {"cards": data, "shows_cards": shows_cards(context)}


class OneModelPage(BrowsableAPIRenderer):
    """Base class of the pages of one model."""

    renderer_context: dict[str, Any]  # `render` stores the view, request and response in it

    def get_breadcrumbs(self, request: Request) -> list[tuple[str, str]]:
        """Return the breadcrumbs, with the model's name instead of "Model"."""
        breadcrumbs: list[tuple[str, str]] = super().get_breadcrumbs(request)
        name = self.renderer_context["view"].kwargs.get("name")
        return [(name if name and label == "Model" else label, url) for label, url in breadcrumbs]


class ModelPage(OneModelPage):
    """The page of a model's card, with a button for each change that the user may make."""

    template = "predictor/model.html"

    def get_name(self, view: APIView) -> str:
        """Return the model's name as the title."""
        name: str = view.kwargs["name"]
        return name

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        if shows_cards(context):
            may_manage = ManagesModels().has_permission(context["request"], context["view"])
            context["card"] = data
            context["may_train"] = may_manage and data["name"] in RECIPES
            lowest = registry.lowest_version(registry.find(data["name"])) if may_manage else None
            if lowest and lowest.state != ModelVersion.State.LIVE:
                context["reset_version"] = lowest.version
        return context


class VersionPage(OneModelPage):
    """The page of a version's card, with its evaluation."""

    template = "predictor/version.html"

    def get_name(self, view: APIView) -> str:
        """Return the name of the model and the number of the version as the title."""
        return f"{view.kwargs['name']}, version {int(view.kwargs['version'])}"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        if shows_cards(context):
            context["card"] = data
            context["has_counts"] = any(column.get("counts") for column in data["inputs"])
        return context


class ChangePage(OneModelPage):
    """The page with the form of a change."""

    template = "predictor/change.html"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        is_not_allowed = context["response"].status_code == status.HTTP_405_METHOD_NOT_ALLOWED
        context["shows_only_form"] = is_not_allowed and context["request"].method == "GET"
        return context
