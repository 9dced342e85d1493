"""OpenAPI for predictions: bodies are the model's own columns and outputs."""

from typing import Any

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.serializers import BaseSerializer

from predictor.core import values
from predictor.core.answers import METHODS, label_name
from predictor.core.signature import Column, Signature
from predictor.models import ModelVersion
from predictor.serializers import CardSerializer, VersionCardSerializer
from predictor.store import loaded

Schema = dict[str, Any]

NUMBER: Schema = {"type": "number"}
NUMERAL: Schema = {"type": "string", "description": "A number, written as a string."}
VALUES: dict[str, Schema] = {
    values.NUMBER: {"oneOf": [NUMBER, NUMERAL]},
    values.INTEGER: {"oneOf": [{"type": "integer"}, NUMERAL]},
    values.BOOLEAN: {"type": "boolean"},
    values.STRING: {"type": "string"},
}
LABELS: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


class PredictSchema(AutoSchema):
    """The schema of a prediction, written from the signatures of the live models."""

    card: type[BaseSerializer[Any]] = CardSerializer

    def get_request_serializer(self) -> Any:
        """Return one row or a list of rows."""
        if self.method != "POST":
            return None
        row = either([row_schema(signature) for signature in self._signatures()])
        return {
            "application/json": either([row, {"type": "array", "items": row}]),
            "multipart/form-data": row,
        }

    def get_response_serializers(self) -> Any:
        """Return the answer to one row or to many."""
        if self.method != "POST":
            return self.card
        signatures = self._signatures()
        answers = [answer_schema(s, alone=alone) for s in signatures for alone in (True, False)]
        return {
            200: OpenApiResponse(either(answers), "The predictions."),
            400: OpenApiResponse(ERRORS, "Rows that the model does not take."),
            404: OpenApiResponse(DETAIL, "No such model."),
            415: OpenApiResponse(DETAIL, "A body of another type."),
        }

    def get_override_parameters(self) -> list[Any]:
        """Return the choice of outputs."""
        if self.method != "POST":
            return []
        methods = sorted({name for signature in self._signatures() for name in signature.methods})
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

    def _signatures(self) -> list[Signature]:
        named = "{" in self.path
        models = [m for m in loaded().models() if named or m.name == settings.DEFAULT_MODEL]
        return [model.signature for model in models]


class VersionPredictSchema(PredictSchema):
    """The schema of a prediction by one version, written from the signatures of all of them."""

    card = VersionCardSerializer

    def get_response_serializers(self) -> Any:
        """Return the answer to one row or to many; a retired version answers none."""
        responses = super().get_response_serializers()
        if self.method != "POST":
            return responses
        return responses | {409: OpenApiResponse(DETAIL, "The version is retired.")}

    def get_operation_id(self) -> str:
        """Return a name of its own for each method."""
        return "version_predict" if self.method == "POST" else "version_predict_card"

    def _signatures(self) -> list[Signature]:
        rows = ModelVersion.objects.exclude(state=ModelVersion.State.RETIRED)
        return [Signature.from_json(row.signature) for row in rows]


DETAIL: Schema = {
    "type": "object",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
}
ERRORS: Schema = {
    "oneOf": [
        DETAIL,
        {
            "type": "object",
            "description": "What is wrong, column by column.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    ]
}


def either(schemas: list[Schema]) -> Schema:
    """Return a schema that any of these satisfies."""
    distinct = [schema for n, schema in enumerate(schemas) if schema not in schemas[:n]]
    if not distinct:
        return {"type": "object"}
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def row_schema(signature: Signature) -> Schema:
    """Return the schema of one row."""
    return {
        "type": "object",
        "properties": {column.name: _column_schema(column) for column in signature.columns},
        "required": [column.name for column in signature.columns if column.required],
        "additionalProperties": False,
    }


def _column_schema(column: Column) -> Schema:
    schema = dict(VALUES[column.kind])
    if column.closed and column.categories:
        schema = {"enum": list(column.categories)}
    if column.nullable:
        schema = {"oneOf": [schema, {"type": "null"}]}
    if column.description:
        schema["description"] = column.description
    if column.example is not None:
        schema["example"] = column.example
    return schema


def answer_schema(signature: Signature, *, alone: bool) -> Schema:
    """Return the schema of an answer: the first method's key stands unless others are chosen."""
    properties = {}
    for method in signature.methods:
        value = _value_schema(signature, method)
        keys = METHODS[method]
        if alone:
            properties[keys.one] = value
        else:
            properties[keys.many] = {"type": "array", "items": value}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _value_schema(signature: Signature, method: str) -> Schema:
    several = signature.n_outputs > 1
    classes = None if several else signature.classes
    if method == "predict":
        kinds = {LABELS[type(label)] for label in classes or ()}
        if several:
            return {"type": "array", "items": {}}
        return {"type": kinds.pop(), "enum": list(classes or ())} if len(kinds) == 1 else NUMBER
    if method == "predict_proba":
        if several:
            return {"type": "array", "items": {}}
        labels = [label_name(label) for label in classes or ()]
        return {
            "type": "object",
            "properties": dict.fromkeys(labels, NUMBER),
            "required": labels,
        }
    return {"oneOf": [NUMBER, {"type": "array", "items": NUMBER}]}
