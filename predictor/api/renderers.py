"""The pages of models: what the card says, drawn, and a form that keeps the row it was sent."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from predictor.core.errors import PredictorError
from predictor.models import ModelVersion
from predictor.permissions import ManagesModels
from predictor.recipes import RECIPES

MOST_SHOWN = 100  # rows of an answer, beside the answer itself


class ModelListPage(BrowsableAPIRenderer):
    """The browsable API with each model described."""

    template = "predictor/model_list.html"


class OneModelPage(BrowsableAPIRenderer):
    """The browsable API of one model."""

    renderer_context: dict[str, Any]  # where `render` leaves the view and the response

    def get_breadcrumbs(self, request: Request) -> list[tuple[str, str]]:
        """Return the way here, with the model under its own name."""
        crumbs: list[tuple[str, str]] = super().get_breadcrumbs(request)
        name = self.renderer_context["view"].kwargs.get("name")
        return [(name if name and label == "Model" else label, url) for label, url in crumbs]


class ModelPage(OneModelPage):
    """The browsable API with the card drawn, and a button for what this user may do."""

    template = "predictor/model.html"

    def get_name(self, view: APIView) -> str:
        """Return the model's name, which is the page's."""
        name: str = view.kwargs["name"]
        return name

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return what the template shows."""
        context: dict[str, Any] = super().get_context(data, *args)
        if context["response"].status_code == status.HTTP_200_OK:
            manages = ManagesModels().has_permission(context["request"], context["view"])
            context["card"] = data
            context["may_train"] = manages and data["name"] in RECIPES
            context["resets_to"] = resets_to(data) if manages else None
        return context


def resets_to(card: Mapping[str, Any]) -> int | None:
    """Return the version that a reset would make live; None where it would change nothing."""
    kept = [v for v in card["versions"] if v["state"] != ModelVersion.State.RETIRED]
    first = min((version["version"] for version in kept), default=None)
    return None if first == card["live_version"] else first


class ChangePage(OneModelPage):
    """The form of a change."""

    template = "predictor/change.html"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return what the template shows."""
        context: dict[str, Any] = super().get_context(data, *args)
        refused = context["response"].status_code == status.HTTP_405_METHOD_NOT_ALLOWED
        context["opened"] = refused and context["request"].method == "GET"
        return context


class RowFormPage(OneModelPage):
    """The browsable API with a form for a row, which stays in it beside its prediction."""

    template = "predictor/predict.html"

    def get_name(self, view: Any) -> str:
        """Return what the page is for."""
        return f"Predict with {view.model_name}"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return what the template shows."""
        context: dict[str, Any] = super().get_context(data, *args)
        request = context["request"]
        ok = context["response"].status_code == status.HTTP_200_OK
        context["answered"] = ok and request.method == "POST"
        if context["answered"] and isinstance(request.data, list):
            context["n_rows"] = len(request.data)
            shown = (values[:MOST_SHOWN] for values in data.values())
            context["rows"] = list(zip(*shown, strict=True))
        return context

    def show_form_for_method(self, view: Any, method: str, request: Request, obj: Any) -> Any:
        """Return whether there is a form: none for a model that cannot be served now."""
        if method == "POST":
            try:
                view.get_serializer()
            except PredictorError:
                return False
        return super().show_form_for_method(view, method, request, obj)

    def get_raw_data_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return the form of raw data; a row that the other form sent is in it."""
        form = super().get_raw_data_form(data, view, method, request)
        row = sent_row(request) if method == "POST" else None
        if form and row is not None:
            sent = view.get_serializer(instance=row).data
            form.initial["_content"] = json.dumps(sent, indent=4, default=str)
        return form

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return the form for a method; the row that was sent is still in it."""
        row = sent_row(request) if method == "POST" else None
        if row is None or not self.show_form_for_method(view, method, request, None):
            return super().get_rendered_html_form(data, view, method, request)
        failed = status.is_client_error(self.renderer_context["response"].status_code)
        form = view.get_serializer(data=row, context={"problems": data if failed else {}})
        return self.render_form_for_serializer(form)


def sent_row(request: Request) -> Mapping[str, Any] | None:
    """Return the row that was sent; None where there is none, or none that can be read."""
    if request.method != "POST":
        return None
    try:
        data: Any = request.data
    except APIException:  # the answer tells it already
        return None
    return data if isinstance(data, Mapping) else None
