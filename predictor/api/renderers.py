"""HTML pages of the prediction service, based on DRF's browsable API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import status
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.settings import api_settings

from predictor import registry
from predictor.api.model_list import describe_page
from predictor.models import RegisteredModel

# Number of versions that the page of a change offers, the newest first.
MAX_CHOICES = 30


def shows_cards(context: Mapping[str, Any]) -> bool:
    """Return whether the response is the cards; that to OPTIONS is a description of the view."""
    is_ok: bool = context["response"].status_code == status.HTTP_200_OK
    return is_ok and context["request"].method != "OPTIONS"


def opens_page(request: Request) -> bool:
    """Return whether the response is a page; its JSON tab shows the response to a program."""
    is_page = isinstance(request.accepted_renderer, BrowsableAPIRenderer)
    return is_page and request.query_params.get(api_settings.URL_FORMAT_OVERRIDE) is None


class ModelListPage(BrowsableAPIRenderer):
    """The page of the list of models."""

    template = "predictor/model_list.html"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        context["shows_cards"] = shows_cards(context)
        if context["shows_cards"]:
            page = context["view"].models_page
            context |= {"cards": data, "is_part": page.has_other_pages()}
            context |= describe_page(page, context["request"])
        return context


class OneModelPage(BrowsableAPIRenderer):
    """Base class of the pages of one model."""

    renderer_context: dict[str, Any]  # `render` stores the view, request and response in it

    def get_breadcrumbs(self, request: Request) -> list[tuple[str, str]]:
        """Return the breadcrumbs, with the name of the model and the number of the version."""
        breadcrumbs: list[tuple[str, str]] = super().get_breadcrumbs(request)
        kwargs = self.renderer_context["view"].kwargs
        labels = {"Model": kwargs.get("name"), "Version": f"Version {kwargs.get('version')}"}
        return [(labels.get(label) or label, url) for label, url in breadcrumbs]


class ChangePage(OneModelPage):
    """The page with the form of a change, and with the findings about the next live version."""

    template = "predictor/change.html"

    def get_name(self, view: Any) -> str:
        """Return the heading."""
        heading: str = view.get_heading(view.get_chosen_number())
        return heading

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        view, request = context["view"], context["request"]
        is_ok = context["response"].status_code == status.HTTP_200_OK
        context["shows_only_form"] = is_ok and request.method in ("GET", "HEAD")
        model = RegisteredModel.objects.filter(name=view.kwargs["name"]).first()
        if not context["shows_only_form"] or not model:
            return context
        if successor := view.find_successor(model):
            context["name"] = view.get_heading(successor.version)
            context["comparison"] = registry.compare_with_live(successor)
        if view.state_before and not view.get_chosen_number():
            choices = model.versions.filter(state=view.state_before, purged_at=None)
            numbers = choices.order_by("-version").values_list("version", flat=True)
            context["choices"] = numbers[:MAX_CHOICES]
        return context
