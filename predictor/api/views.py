"""Views of model cards and predictions."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request, is_form_media_type
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from predictor import conf, exceptions, registry
from predictor.api import strict_json
from predictor.api.counted import CountedView
from predictor.api.model_list import SEARCH, get_page, get_search
from predictor.api.model_page import ModelPage
from predictor.api.openapi import PredictSchema
from predictor.api.predict_page import PredictPage, build_curl, get_json_row, vary_row
from predictor.api.renderers import ModelListPage
from predictor.api.row_form import OUTPUTS_FIELD, build_row_form, choose_row, read_form
from predictor.api.serializers import CardSerializer, with_versions
from predictor.core import range_check
from predictor.core.artifacts import get_installed_versions
from predictor.core.codec import JSON_ROWS, Codec, Decoded, parse_exactly
from predictor.core.errors import InvalidInput
from predictor.core.model import Model
from predictor.core.row_format import CSV_HINT, MAX_COMPARED_LENGTH, explain, refuse
from predictor.core.signature import Column, Signature
from predictor.core.variation import Variation
from predictor.permissions import FAST_AUTHENTICATION, PREDICT, VIEW
from predictor.runtime.store import get_store

if TYPE_CHECKING:
    from django.core.paginator import Page
    from django.http import QueryDict

    from predictor.models import RegisteredModel

SOFTWARE = {"type": "object", "additionalProperties": {"type": "string"}}

SEARCH_PARAMETER = OpenApiParameter(
    SEARCH, str, description="Text that the name or the description contains."
)

# Query parameters of a prediction.
PARAMETERS = OUTPUTS, RANGE = "outputs", "range"
# Query parameter of the page: the number of another example row, or "none" for empty inputs.
EXAMPLE = "example"
JSON_HEADER = "Send JSON with the header 'Content-Type: application/json'."


def replace_json(classes: Iterable[type[Any]]) -> Sequence[type[Any]]:
    """Return the site's parsers or renderers with strict JSON in place of DRF's own classes."""
    strict: dict[type[Any], type[Any]] = {
        JSONParser: strict_json.JSONParser,
        JSONRenderer: strict_json.JSONRenderer,
    }
    return [strict.get(cls, cls) for cls in classes]


class ModelView(APIView):
    """Base of the app's views: the site's defaults with strict JSON, and a page for each view."""

    page: type[BrowsableAPIRenderer] = ModelPage
    required_permissions: Mapping[str, str] = {"GET": VIEW}
    parser_classes = replace_json(APIView.parser_classes)
    renderer_classes = replace_json(APIView.renderer_classes)
    versioning_class = None  # `version` in a URL is the version of a model, not of the API

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, exempt from ATOMIC_REQUESTS: the registry commits its transactions."""
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def get_renderers(self) -> list[BaseRenderer]:
        """Return the site's renderers, with the view's own page for browsers."""
        renderers = super().get_renderers()
        return [self.page() if type(r) is BrowsableAPIRenderer else r for r in renderers]

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        """Return the handler of the core's exceptions."""
        return exceptions.handle

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Run DRF's checks, and reject a compressed body: no parser decompresses it."""
        super().initial(request, *args, **kwargs)
        encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
        if request.method == "POST" and encoding != "identity":
            sentence = f"The body has Content-Encoding {encoding}. Send it without compression."
            raise UnsupportedMediaType("", sentence)


class ModelList(ModelView):
    """The list of served models."""

    name = "Models"
    page = ModelListPage
    serializer_class = CardSerializer
    models_page: "Page[RegisteredModel] | None" = None  # for the page

    @extend_schema(
        operation_id="models", parameters=[SEARCH_PARAMETER], responses=CardSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """Return the card of every model, or of those that match a search."""
        models = with_versions(registry.search(get_search(request)))
        if isinstance(request.accepted_renderer, self.page):
            self.models_page = get_page(models, request)
        to_card = CardSerializer().to_representation
        return Response([to_card(model) for model in self.models_page or models])


class ModelDetail(ModelView):
    """A model: its inputs, outputs, metrics and versions."""

    name = "Model"
    serializer_class = CardSerializer

    @extend_schema(operation_id="model")
    def get(self, _request: Request, name: str) -> Response:
        """Return the model's card."""
        return Response(CardSerializer(registry.find(name)).data)


class Software(ModelView):
    """Versions of the software that runs the models."""

    name = "Software"
    page = BrowsableAPIRenderer

    @extend_schema(operation_id="software", responses={200: SOFTWARE})
    def get(self, _request: Request) -> Response:
        """Return the versions of Python, scikit-learn and NumPy."""
        return Response(get_installed_versions())


class Predict(CountedView, ModelDetail):
    """Predictions for one row (an object) or many rows (a list of objects) with named columns."""

    name = "Predict"
    authentication_classes = FAST_AUTHENTICATION
    page = PredictPage
    codec = JSON_ROWS
    schema = PredictSchema()
    required_permissions = {"GET": VIEW, "POST": PREDICT}
    # For the page: sentences about values outside the ranges and categories of the sample, by
    # column; the names of classes; the number of outputs; predictions with other values of one
    # column; the request.
    out_of_range: Mapping[str, Sequence[str]] = {}
    class_names: Mapping[str, str] = {}
    n_outputs = 1
    variation: Variation | None = None
    curl = ""

    def get_serializer(self, **kwargs: Any) -> serializers.Serializer[Any]:
        """Return the form for one row."""
        signature = self.model().signature
        row = choose_row(signature, self.request.query_params.get(EXAMPLE))
        return build_row_form(signature, row)(**kwargs)

    @property
    def model_name(self) -> str:
        """Name of the model in the URL, or of the default model."""
        name: str = self.kwargs.get("name", conf.default_model())
        return name

    def model(self) -> Model:
        """Return the loaded model."""
        return get_store().get(self.model_name)

    def get(self, request: Request, name: str = "") -> Response:  # noqa: ARG002 - model_name
        """Return the model's card."""
        return super().get(request, self.model_name)

    def post(self, request: Request, **_address: str) -> Response:
        """Return the model's predictions for the rows in the body."""
        # The fast path answers most requests without this method. Rules about rows belong in the
        # codec, those about predictions in `Model.infer`: both paths call these.
        model = self.served = self.model()
        self.class_names = model.signature.class_names
        self.n_outputs = model.signature.n_outputs
        X, outputs, is_single = decode(request, self.codec, model.signature)
        self.n_rows = X.shape[0]
        self.check_range(request, X, is_single=is_single)
        started = time.perf_counter()
        results = model.infer(X, outputs)
        self.engine_name = results.engine_name
        if is_single and isinstance(request.accepted_renderer, self.page):
            row_s = time.perf_counter() - started
            row = get_json_row(request, model)
            self.variation = vary_row(request, model, row, row_s)
            self.curl = build_curl(request, row)
        return Response(
            model.signature.encode_response(results, is_single=is_single),
            headers={
                "X-Model": model.name,
                "X-Model-Version": str(model.version),
                **self.get_range_header(request),
            },
        )

    def check_range(self, request: Request, X: Any, *, is_single: bool) -> None:
        """Compare the rows with the sample, for the query parameter `range` and for the page."""
        assert self.served  # noqa: S101 - `post` has set it
        columns = self.served.signature.columns
        action = request.query_params.get(RANGE)
        range_check.check_action(columns, action)
        if action or isinstance(request.accepted_renderer, self.page):
            self.out_of_range = range_check.find_out_of_range(columns, X, is_single=is_single)
        if action == range_check.REFUSE:
            range_check.refuse_out_of_range(self.out_of_range)

    def get_range_header(self, request: Request) -> dict[str, str]:
        """Return the header that names the columns out of range, if the client asks for it."""
        if request.query_params.get(RANGE) != range_check.REPORT or not self.out_of_range:
            return {}
        return {"X-Out-Of-Range": range_check.format_header(list(self.out_of_range))}


def decode(request: Request, codec: Codec, signature: Signature) -> Decoded:
    """Decode the request: JSON with the codec, other media types with DRF's parsers."""
    check_query(request)
    columns = signature.columns
    is_form = is_form_media_type(request.content_type)
    form = _read_data(request, columns) if is_form else None
    outputs = get_outputs(request)
    if request.content_type in codec.content_types and _parses_json(request) and request.body:
        return codec.decode(signature, request.body, outputs)
    selected = signature.select_outputs(outputs)
    if form is not None:
        if not form:
            refuse(columns, f"The body is empty. {JSON_HEADER}", is_table=False)
        rows = signature.parse_rows(read_form(form, columns))
    else:
        body = request.body  # Django keeps it, so that it can be read again
        if not body:
            refuse(columns, "The body is empty.", is_table=False)
        rows = signature.parse_rows(_read_data(request, columns), partial(parse_exactly, body))
    return Decoded(rows.X, selected, rows.is_single)


def get_outputs(request: Request) -> str | None:
    """Return the outputs in the query, or else those of the page's form; None if absent."""
    names = request.query_params.getlist(OUTPUTS)
    if not names and is_form_media_type(request.content_type):
        names = cast("QueryDict", request.data).getlist(OUTPUTS_FIELD)
    return ",".join(names) if names else None


def check_query(request: Request, own_parameters: Sequence[str] = PARAMETERS) -> None:
    """Check that every query parameter is known, and that only `outputs` occurs several times.

    Raises
    ------
    InvalidInput
        A parameter is unknown or occurs several times.
    """
    parameters = [*own_parameters, *filter(None, [api_settings.URL_FORMAT_OVERRIDE])]
    parameters += conf.other_query_parameters()
    for name, values in request.query_params.lists():
        if name not in parameters:
            similar = get_close_matches(name[:MAX_COMPARED_LENGTH].lower(), parameters, n=1)
            hint = f" Did you mean {similar[0]}?" if similar else ""
            sentence = f"No such query parameter; the parameters are {', '.join(parameters)}.{hint}"
            raise InvalidInput(sentence, {name: [sentence]})
        if len(values) > 1 and name != OUTPUTS:
            sentence = "The query parameter occurs more than once."
            raise InvalidInput(sentence, {name: [sentence]})


def _read_data(request: Request, columns: Sequence[Column]) -> Any:
    """Return the data of a parser; an error also states the format that the model accepts."""
    try:
        return request.data
    except UnsupportedMediaType as exc:
        csv_hint = f" {CSV_HINT}" if request.content_type == "text/csv" else ""
        sentence = f"{exc.detail} {JSON_HEADER}{csv_hint}"
        is_table = request.content_type != "text/plain"
        raise UnsupportedMediaType("", explain(columns, sentence, is_table=is_table)) from exc
    except ParseError as exc:
        csv_hint = f" {CSV_HINT}" if request.content_type.startswith("multipart/") else ""
        raise ParseError(explain(columns, f"{exc.detail}{csv_hint}", is_table=False)) from exc


def _parses_json(request: Request) -> bool:
    return any(isinstance(parser, JSONParser) for parser in request.parsers or ())
