"""OpenAPI for predictions: bodies are the model's own columns and outputs."""

from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, OpenApiResponse
from rest_framework.parsers import JSONParser
from rest_framework.serializers import BaseSerializer
from rest_framework.settings import api_settings

from predictor.api.serializers import CardSerializer, VersionCardSerializer
from predictor.core import coercion
from predictor.core.response_values import METHODS, encode_label
from predictor.core.signature import Column, Signature
from predictor.models import ModelVersion
from predictor.runtime.store import get_store

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema
else:
    AutoSchema = api_settings.DEFAULT_SCHEMA_CLASS  # the site's, with the refusals of any view

Schema = dict[str, Any]

# The names of the kinds are those of JSON Schema's types; a number may be written as a string.
TYPES: dict[str, list[str]] = {
    coercion.NUMBER: ["number", "string"],
    coercion.INTEGER: ["integer", "string"],
    coercion.BOOLEAN: ["boolean"],
    coercion.STRING: ["string"],
}
LABELS: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
NUMBER: Schema = {"type": ["number", "null"]}  # null is NaN
PLAIN: Schema = {"type": ["number", "string", "boolean", "null"]}


class Missing(NamedTuple):
    """How a missing value is written."""

    type: str
    value: Any


IN_JSON, IN_A_FORM = Missing("null", None), Missing("string", "")


class PredictSchema(AutoSchema):
    """The schema of a prediction, written from the signatures of the live models."""

    card: type[BaseSerializer[Any]] = CardSerializer
    refusals = {404: OpenApiResponse(description="There is no such model, or none is live.")}

    def get_request_serializer(self) -> Any:
        """Return one row or a list of rows; a form is one row."""
        if self.method != "POST":
            return None
        signatures = self.signatures()
        row, form = (
            either([row_schema(signature, missing) for signature in signatures.values()])
            for missing in (IN_JSON, IN_A_FORM)
        )
        rows = either([row, {"type": "array", "items": row}])
        examples = [
            OpenApiExample(
                name, {column.name: column.get_example() for column in signature.columns}
            )
            for name, signature in signatures.items()
        ]
        return {
            media_type: OpenApiRequest(rows, examples=examples)
            if media_type == JSONParser.media_type
            else form
            for media_type in self.map_parsers()
        }

    def get_response_serializers(self) -> Any:
        """Return the answer to one row or to many, or the card."""
        return {200: self._answer(), **self.refusals}

    def _answer(self) -> Any:
        if self.method != "POST":
            return self.card
        signatures = self.signatures().values()
        answers = [
            answer_schema(s, is_single=is_single) for s in signatures for is_single in (True, False)
        ]
        return OpenApiResponse(either(answers), "The predictions.")

    def get_override_parameters(self) -> list[Any]:
        """Return the choice of outputs."""
        if self.method != "POST":
            return []
        methods = sorted({name for s in self.signatures().values() for name in s.methods})
        return [
            OpenApiParameter(
                "outputs",
                {"type": "array", "items": {"type": "string", "enum": methods}},
                description="The outputs wanted, in scikit-learn's names; else the first.",
                explode=False,
                style="form",
            )
        ]

    def get_operation_id(self) -> str:
        """Return a name of its own for each address and method."""
        place = "model_" if "{" in self.path else ""
        return f"{place}predict" if self.method == "POST" else f"{place}predict_card"

    def signatures(self) -> dict[str, Signature]:
        """Return what can be asked here, by its name."""
        named = "{" in self.path
        models = [m for m in get_store().models() if named or m.name == settings.DEFAULT_MODEL]
        return {model.name: model.signature for model in models}


class VersionPredictSchema(PredictSchema):
    """The schema of a prediction by one version, written from the signatures of all of them."""

    card = VersionCardSerializer
    refusals = {409: OpenApiResponse(description="The version is retired.")}

    def get_operation_id(self) -> str:
        """Return a name of its own for each method."""
        return "version_predict" if self.method == "POST" else "version_predict_card"

    def signatures(self) -> dict[str, Signature]:
        """Return what every version takes and gives that is not retired."""
        versions = ModelVersion.objects.select_related("model")
        rows = versions.exclude(state=ModelVersion.State.RETIRED)
        return {str(row): Signature.from_json(row.signature) for row in rows}


def either(schemas: list[Schema]) -> Schema:
    """Return a schema that any of these satisfies."""
    distinct = [schema for n, schema in enumerate(schemas) if schema not in schemas[:n]]
    if not distinct:
        return {"type": "object"}
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def row_schema(signature: Signature, missing: Missing) -> Schema:
    """Return the schema of one row."""
    return {
        "type": "object",
        "properties": {c.name: _column_schema(c, missing) for c in signature.columns},
        "required": [column.name for column in signature.columns if column.required],
        "additionalProperties": False,
    }


def _column_schema(column: Column, missing: Missing) -> Schema:
    closed = bool(column.allowed_values)
    types = [column.kind] if closed else TYPES[column.kind]
    categories = list(column.categories or ())
    if column.nullable:
        types = list(dict.fromkeys([*types, missing.type]))
        categories.append(missing.value)
    schema: Schema = {"type": types if len(types) > 1 else types[0]}
    if closed:
        schema["enum"] = categories
    if column.description:
        schema["description"] = column.description
    if column.example is not None:
        schema["examples"] = [column.example]
    return schema


def answer_schema(signature: Signature, *, is_single: bool) -> Schema:
    """Return the schema of an answer: the first method's key stands unless others are chosen."""
    properties = {}
    for method in signature.methods:
        value = _value_schema(signature, method)
        keys = METHODS[method]
        if is_single:
            properties[keys.single] = value
        else:
            properties[keys.many] = {"type": "array", "items": value}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _value_schema(signature: Signature, method: str) -> Schema:
    """Return the schema of a row's value."""
    classes = signature.classes or ()
    types = {LABELS.get(type(label)) for label in classes}
    one_label = bool(classes) and signature.n_outputs == 1 and None not in types
    if method == "predict_proba":
        labels = [encode_label(label) for label in classes]
        by_class = {"properties": dict.fromkeys(labels, NUMBER), "required": labels}
        return {"type": "object", **by_class} if one_label else {"type": ["array", "object"]}
    if method == "predict" and one_label:
        return {"type": types.pop() if len(types) == 1 else sorted(types), "enum": list(classes)}
    value = PLAIN if method in ("predict", "transform") else NUMBER
    several = {"type": "array", "items": value}
    sure = method == "predict" and signature.n_outputs > 1
    return several if sure else {"anyOf": [value, several]}
