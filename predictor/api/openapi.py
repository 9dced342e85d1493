"""OpenAPI operations of predictions, generated from the signatures of the models."""

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, OpenApiResponse
from rest_framework.parsers import JSONParser
from rest_framework.serializers import BaseSerializer
from rest_framework.settings import api_settings

from predictor import conf
from predictor.api.json_schema import Schema, any_of, are_few, response_schema, row_schema
from predictor.api.serializers import CardSerializer, VersionCardSerializer
from predictor.core.range_check import ACTIONS
from predictor.core.signature import Signature
from predictor.models import ModelVersion
from predictor.runtime.store import get_store

if TYPE_CHECKING:
    AutoSchema = SpectacularSchema
else:
    # The site's class describes errors. A site that does not use drf-spectacular has another kind.
    AutoSchema = api_settings.DEFAULT_SCHEMA_CLASS
    if not issubclass(AutoSchema, SpectacularSchema):
        AutoSchema = SpectacularSchema


VERSION = OpenApiParameter("version", int, OpenApiParameter.PATH)
# Query parameter of the request of a schema: the only model to describe.
MODEL = "model"


class PredictSchema(AutoSchema):
    """OpenAPI operation of a prediction with the live version of a model."""

    card: type[BaseSerializer[Any]] = CardSerializer
    error_responses = {
        404: OpenApiResponse(description="The model does not exist or has no live version.")
    }

    def get_request_serializer(self) -> Any:
        """Return the request body: one row or a list of rows as JSON."""
        if self.method != "POST":
            return None
        signatures = self.get_signatures()
        rows = [self._get_row(name, signature) for name, signature in signatures.items()]
        body = any_of([*rows, {"type": "array", "items": any_of(rows)}])
        examples = [
            OpenApiExample(name, signature.get_example())
            for name, signature in signatures.items()
            if are_few(signature.names)
        ]
        return {JSONParser.media_type: OpenApiRequest(body, examples=examples)}

    def _get_row(self, label: str, signature: Signature) -> Schema:
        """Return a reference to the schema of a row, as the first component that is free or equal.

        Parameters
        ----------
        label : str
            Name of the model, followed by the number of a version that need not be live.
        signature : Signature
        """
        schema = row_schema(signature)
        for name in _name_components(*label.split()):
            component = ResolvedComponent(name, ResolvedComponent.SCHEMA, schema, object=name)  # type: ignore[no-untyped-call]  # untyped
            self.registry.register_on_missing(component)
            if self.registry[component].schema == schema:
                break
        ref: Schema = component.ref
        return ref

    def get_response_serializers(self) -> Any:
        """Return the responses: predictions or the card, and the errors."""
        return {200: self._get_success_response(), **self.error_responses}

    def _get_success_response(self) -> Any:
        if self.method != "POST":
            return self.card
        schema = response_schema(self.get_signatures().values())
        return OpenApiResponse(schema, "The predictions.")

    def get_override_parameters(self) -> list[Any]:
        """Return the query parameters, and the header about values that are out of range."""
        if self.method != "POST":
            return []
        methods = sorted({name for s in self.get_signatures().values() for name in s.methods})
        items = {"type": "string"} | ({"enum": methods} if methods else {})
        return [
            OpenApiParameter(
                "outputs",
                {"type": "array", "items": items},
                description="Outputs to return, as names of scikit-learn methods. By default the "
                "model's first output. Names may also be separated by commas.",
            ),
            OpenApiParameter(
                "range",
                {"type": "string", "enum": list(ACTIONS)},
                description="Compare the rows with the ranges and categories of the sample. "
                "`refuse`: values outside are a 400. `report`: the header X-Out-Of-Range names "
                "their columns.",
            ),
            OpenApiParameter(
                "X-Out-Of-Range",
                {"type": "string"},
                OpenApiParameter.HEADER,
                description="With `range=report`: the columns with values outside the sample, "
                "percent-encoded and separated by commas. Absent if there are none.",
                response=[200],
            ),
        ]

    def get_summary(self) -> str:
        """Return the purpose of the operation in one line."""
        with_model = "a model" if "{" in self.path else "the default model"
        return self._summarise(f"the live version of {with_model}")

    def _summarise(self, version: str) -> str:
        if self.method == "POST":
            return f"Predict one row or many with {version}"
        return f"Show the inputs and outputs of {version}"

    def get_operation_id(self) -> str:
        """Return an id that is unique to the URL and the method."""
        prefix = "model_" if "{" in self.path else ""
        return f"{prefix}predict" if self.method == "POST" else f"{prefix}predict_card"

    def get_signatures(self) -> dict[str, Signature]:
        """Return the signatures of the models that the URL can address, by model name."""
        only = self.described_model if "{" in self.path else conf.default_model()
        models = [m for m in get_store().models() if only in ("", m.name)]
        return {model.name: model.signature for model in models}

    @property
    def described_model(self) -> str:
        """The only model that the schema describes; empty if it describes all models."""
        name: str = self.view.request.query_params.get(MODEL, "")
        return name


class VersionPredictSchema(PredictSchema):
    """OpenAPI operation of a prediction with one version of a model."""

    card = VersionCardSerializer
    error_responses = {409: OpenApiResponse(description="The version is retired.")}

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters of a prediction, and the number of the version."""
        return [VERSION, *super().get_override_parameters()]

    def get_summary(self) -> str:
        """Return the purpose of the operation in one line."""
        return self._summarise("one version of a model")

    def get_operation_id(self) -> str:
        """Return an id that is unique to the method."""
        return "version_predict" if self.method == "POST" else "version_predict_card"

    def get_signatures(self) -> dict[str, Signature]:
        """Return the signatures of the versions that are not retired, by version.

        The view keeps them: it describes one operation of one schema, which needs them repeatedly.
        """
        view: Any = self.view
        if view.described is None:
            view.described = self._read_signatures()
        signatures: dict[str, Signature] = view.described
        return signatures

    def _read_signatures(self) -> dict[str, Signature]:
        versions = ModelVersion.objects.exclude(state=ModelVersion.State.RETIRED)
        if self.described_model:
            versions = versions.filter(model__name=self.described_model)
        rows = versions.values_list("model__name", "version", "signature")
        return {f"{name} {number}": Signature.from_json(part) for name, number, part in rows}


def _name_components(model: str, version: str = "") -> Iterator[str]:
    """Yield names of the schema of a row, such as IrisRow, in order of preference."""
    name = "".join(part.capitalize() for part in model.replace("_", "-").split("-"))
    yield f"{name}Row"
    if version:
        yield f"{name}Version{version}Row"
    yield from (f"{name}Row{number}" for number in count(2))
