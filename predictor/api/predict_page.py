"""The page of predictions: a form for one row, its answer, and the answers to many rows."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import orjson
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request, is_form_media_type
from rest_framework.response import Response

from predictor import registry
from predictor.api.links import to_absolute
from predictor.api.renderers import OneModelPage, shows_cards
from predictor.api.row_form import (
    NO_EXAMPLE,
    OUTPUTS_FIELD,
    VARIED_FIELD,
    fits_page,
    read_form,
    to_json_row,
)
from predictor.core.columns import MAX_LISTED_COLUMNS, list_values
from predictor.core.curl import format_curl
from predictor.core.errors import PredictorError
from predictor.core.model import Model
from predictor.core.text_table import flatten
from predictor.core.variation import Variation, list_variable, vary
from predictor.permissions import needs_token

if TYPE_CHECKING:
    from django.http import QueryDict

# Numbers of predictions and of values in the table: a page has at most 150 KB. The response below
# the table has all of them.
MAX_TABLE_ROWS = 100
MAX_TABLE_COLUMNS = 100
MAX_TABLE_VALUES = 1000
# Length of an example in the form for JSON, and of a curl command.
MAX_EXAMPLE_LENGTH = 20_000
# Number of outputs of a model that the page shows for a row. The response has all.
MAX_OUTPUTS = 20
# Outputs that are ticked at first, as far as the model has them.
FIRST_OUTPUTS = ("predict", "predict_proba")


class PredictPage(OneModelPage):
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
            model = context["view"].model()
            context |= describe_form(model, request)
            context["table_url"] = f"{request.path.rstrip('/')}/table"
        # The card of a version has no such key.
        context["is_unpublished"] = shows_cards(context) and data.get("live_version", 0) is None
        if context["has_predictions"]:
            context["out_of_range"] = context["view"].out_of_range
            context["class_names"] = context["view"].class_names
        if context["has_predictions"] and isinstance(request.data, list):
            context["n_rows"] = len(request.data)
            n_values = len(flatten({key: values[:1] for key, values in data.items()}))
            n_columns = min(n_values, MAX_TABLE_COLUMNS)
            n_shown = min(MAX_TABLE_ROWS, max(1, MAX_TABLE_VALUES // n_columns))
            columns = {key: values[:n_shown] for key, values in data.items()}
            if context["view"].n_outputs > 1 or n_values > n_columns:
                columns = flatten(columns)
            context["n_columns"] = len(columns)
            context["column_names"] = names = list(columns)[:MAX_TABLE_COLUMNS]
            cells = ([(key, _as_in_json(value)) for value in columns[key]] for key in names)
            context["rows"] = list(zip(*cells, strict=True))
        elif context["has_predictions"]:
            context["n_outputs"] = context["view"].n_outputs
            context["outputs"] = split_by_output(
                data, list_output_names(context["response"], context["n_outputs"])
            )
            context["max_outputs"] = MAX_OUTPUTS
            context["variation"] = context["view"].variation
            curl = context["view"].curl
            context["curl"] = curl if len(curl) <= MAX_EXAMPLE_LENGTH else ""
        return context

    def show_form_for_method(self, view: Any, method: str, request: Request, obj: Any) -> Any:
        """Return whether there is a form; a model that cannot be loaded has none."""
        if method == "POST" and not self.has_model(view):
            return False
        return super().show_form_for_method(view, method, request, obj)

    def has_model(self, view: Any) -> bool:
        """Return whether the model is loaded."""
        try:
            view.model()
        except PredictorError:
            return False
        return True

    def get_raw_data_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return the form for raw data, filled with the submitted row or the example."""
        form = super().get_raw_data_form(data, view, method, request)
        if form and method == "POST" and fits_page(view.model().signature):
            row = get_submitted_row(request)
            example = view.model().signature.get_example()
            values = example if row is None else view.get_serializer(instance=row).data
            text = json.dumps(values, indent=4, default=str, ensure_ascii=False)
            form.initial["_content"] = text if len(text) <= MAX_EXAMPLE_LENGTH else ""
        return form

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return the form for a row, filled with the submitted row, its problems and warnings."""
        row = get_submitted_row(request) if method == "POST" else None
        if row is None or not self.show_form_for_method(view, method, request, None):
            return super().get_rendered_html_form(data, view, method, request)
        failed = status.is_client_error(self.renderer_context["response"].status_code)
        problems = {"problems": data if failed else {}, "warnings": view.out_of_range}
        return self.render_form_for_serializer(view.get_serializer(data=row, context=problems))


def split_by_output(
    results: Mapping[str, Any], names: Sequence[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Return the results for a row that belong to each of several outputs, and all others first.

    The others are all results of a model with one output. They have an empty text instead of the
    name of an output.
    """
    keys = [
        key
        for key, value in results.items()
        if names and isinstance(value, list) and len(value) == len(names)
    ]
    others = {key: _as_in_json(value) for key, value in results.items() if key not in keys}
    outputs = [
        (name, {key: _as_in_json(results[key][number]) for key in keys})
        for number, name in enumerate(names[:MAX_OUTPUTS] if keys else ())
    ]
    return [*([("", others)] if others else []), *outputs]


def list_output_names(response: Response, n_outputs: int) -> list[str]:
    """Return the names of several outputs, or else their numbers; an empty list for one output."""
    if n_outputs == 1:
        return []
    names = registry.list_output_names(response["X-Model"], int(response["X-Model-Version"]))
    has_all = len(names) == n_outputs
    return names if has_all else [f"Output {number}" for number in range(n_outputs)]


def describe_form(model: Model, request: Request) -> dict[str, Any]:
    """Return the choices beside the columns in the form, with those that were submitted."""
    signature = model.signature
    has_inputs = fits_page(signature)
    form = get_form(request)
    if form:
        outputs = form.getlist(OUTPUTS_FIELD)
    else:
        outputs = ",".join(request.query_params.getlist("outputs")).split(",")
    if not set(outputs) & set(signature.methods):
        outputs = [name for name in FIRST_OUTPUTS if name in signature.methods]
    variable = list_variable(signature.columns)
    example = request.query_params.get("example", "")
    return {
        "n_used_columns": len(signature.used_names),
        "has_inputs": has_inputs,
        "unused_columns": list_values(signature.unused_names, MAX_LISTED_COLUMNS),
        "output_choices": [
            (name, name in (outputs or signature.methods[:1])) for name in signature.methods
        ],
        "variable_names": [column.name for column in variable] if has_inputs else [],
        "varied_name": form.get(VARIED_FIELD) if form else variable and variable[0].name,
        "next_example": int(example[:9]) + 1 if example.isascii() and example.isdigit() else 1,
        "no_example": NO_EXAMPLE,
        "table_example": ",".join(signature.used_names) if has_inputs else "",
    }


def vary_row(
    request: Request, model: Model, row: Mapping[str, Any], row_s: float
) -> Variation | None:
    """Return predictions for the submitted row with other values of the column that was chosen."""
    columns = list_variable(model.signature.columns)
    form = get_form(request)
    name = form.get(VARIED_FIELD) if form else None
    column = next((column for column in columns if name in (None, column.name)), None)
    return vary(model, row, column, row_s) if column else None


def get_json_row(request: Request, model: Model) -> dict[str, Any]:
    """Return the submitted row, which is valid, as JSON values."""
    signature = model.signature
    form = get_form(request)
    if form is None:
        row: Any = request.data
        return {name: row[name] for name in signature.used_names}
    return to_json_row(read_form(form, signature.columns), signature.columns)


def build_curl(request: Request, row: Mapping[str, Any]) -> str:
    """Return the curl command for the submitted row and its outputs."""
    form = get_form(request)
    outputs = form.getlist(OUTPUTS_FIELD) if form else []
    outputs = outputs or request.query_params.getlist("outputs")
    query = f"?outputs={','.join(outputs)}" if outputs else ""
    return format_curl(
        to_absolute(request, request.path) + query,
        row,
        needs_token=needs_token(request),
    )


def get_form(request: Request) -> "QueryDict | None":
    """Return the submitted form; None without a form, or if it cannot be parsed."""
    is_form = request.method == "POST" and is_form_media_type(request.content_type)
    try:
        return cast("QueryDict", request.data) if is_form else None
    except APIException:  # the response reports it, or an earlier error
        return None


def _as_in_json(value: Any) -> Any:
    """Return a value with null for NaN, and a list as text: a template would write None in it."""
    plain = orjson.loads(orjson.dumps(value))
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, list) else plain


def get_submitted_row(request: Request) -> Mapping[str, Any] | None:
    """Return the row in the body; None if the body is not one row or cannot be parsed.

    Lists and objects in it become null: no input shows them, and they can be nested deeply.
    """
    if request.method != "POST":
        return None
    try:
        data: Any = request.data
    except APIException:  # the response reports it
        return None
    if type(data) is dict:  # JSON, and not a form
        return {k: None if isinstance(v, list | dict) else v for k, v in data.items()}
    return data if isinstance(data, Mapping) else None
