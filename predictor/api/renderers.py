"""HTML pages of the prediction service, based on DRF's browsable API."""

import json
from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from predictor import registry
from predictor.core.columns import list_values
from predictor.core.errors import PredictorError
from predictor.models import ModelVersion
from predictor.permissions import ManagesModels
from predictor.recipes import RECIPES

# Number of predictions in the table. The response below the table has all of them.
MAX_TABLE_ROWS = 100
# Number of unused columns that the page names. It counts the others.
MAX_LISTED_COLUMNS = 20


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


class RowFormPage(OneModelPage):
    """The page with the form for a row. The submitted row stays in the form."""

    template = "predictor/predict.html"

    def get_name(self, view: Any) -> str:
        """Return the title."""
        return f"Predict with {view.model_name}"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        request = context["request"]
        is_ok = context["response"].status_code == status.HTTP_200_OK
        context["has_predictions"] = is_ok and request.method == "POST"
        if context.get("post_form"):
            names = context["view"].model().signature.unused_names
            context["unused_columns"] = list_values(names, MAX_LISTED_COLUMNS)
        # The card of a version has no such key.
        context["is_unpublished"] = shows_cards(context) and data.get("live_version", 0) is None
        if context["has_predictions"]:
            context["out_of_range"] = context["view"].out_of_range
            context["class_names"] = context["view"].class_names
        if context["has_predictions"] and isinstance(request.data, list):
            context["n_rows"] = len(request.data)
            columns = (
                [(key, _as_in_json(value)) for value in data[key][:MAX_TABLE_ROWS]] for key in data
            )
            context["rows"] = list(zip(*columns, strict=True))
        elif context["has_predictions"]:
            context["results"] = {key: _as_in_json(value) for key, value in data.items()}
        return context

    def show_form_for_method(self, view: Any, method: str, request: Request, obj: Any) -> Any:
        """Return whether there is a form; a model that cannot be loaded has none."""
        if method == "POST":
            try:
                view.get_serializer()
            except PredictorError:
                return False
        return super().show_form_for_method(view, method, request, obj)

    def get_raw_data_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return the form for raw data, filled with the submitted row."""
        form = super().get_raw_data_form(data, view, method, request)
        row = get_submitted_row(request) if method == "POST" else None
        if form and row is not None:
            values = view.get_serializer(instance=row).data
            form.initial["_content"] = json.dumps(values, indent=4, default=str)
        return form

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return the form for a row, filled with the submitted row and its problems."""
        row = get_submitted_row(request) if method == "POST" else None
        if row is None or not self.show_form_for_method(view, method, request, None):
            return super().get_rendered_html_form(data, view, method, request)
        failed = status.is_client_error(self.renderer_context["response"].status_code)
        form = view.get_serializer(data=row, context={"problems": data if failed else {}})
        return self.render_form_for_serializer(form)


def _as_in_json(value: Any) -> Any:
    """Return a value with null for NaN, and a list as text: a template would write None in it."""
    plain = orjson.loads(orjson.dumps(value))
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, list) else plain


def get_submitted_row(request: Request) -> Mapping[str, Any] | None:
    """Return the row in the body; None if the body is not one row or cannot be parsed."""
    if request.method != "POST":
        return None
    try:
        data: Any = request.data
    except APIException:  # the response reports it
        return None
    return data if isinstance(data, Mapping) else None
