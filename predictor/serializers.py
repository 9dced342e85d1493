"""The card of a model, and the form for its rows."""

from typing import Any

from rest_framework import serializers

from predictor.core.columns import Column
from predictor.core.signature import Signature
from predictor.core.values import BOOLEAN, INTEGER, NUMBER, STRING, TAKERS
from predictor.models import ModelVersion, RegisteredModel


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """One version, as the card lists it."""

    class Meta:
        model = ModelVersion
        fields = ("version", "state", "created_at", "metrics", "fitted_with")


class InputSerializer(serializers.Serializer[Column]):
    """One column, as the card describes it."""

    name = serializers.CharField()
    description = serializers.CharField()
    dtype = serializers.CharField()
    kind = serializers.ChoiceField(choices=sorted(TAKERS), required=False)
    required = serializers.BooleanField()  # type: ignore[assignment]  # not DRF's
    nullable = serializers.BooleanField()
    categories = serializers.ListField(child=serializers.JSONField(), required=False)
    closed = serializers.BooleanField(required=False)
    none = serializers.BooleanField(required=False)
    range = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    example = serializers.JSONField(allow_null=True)


class CardSerializer(serializers.Serializer[RegisteredModel]):
    """What a model takes and gives, how good it is, and its versions."""

    name = serializers.CharField()
    description = serializers.CharField()
    live_version = serializers.IntegerField(allow_null=True)
    inputs = InputSerializer(many=True)
    outputs = serializers.ListField(child=serializers.CharField())
    classes = serializers.ListField(child=serializers.JSONField(), allow_null=True)
    metrics = serializers.DictField(child=serializers.JSONField())
    versions = VersionSerializer(many=True)

    def to_representation(self, model: RegisteredModel) -> dict[str, Any]:
        """Return the card; without a live version it has neither inputs nor outputs."""
        versions = VersionSerializer(model.versions.order_by("version"), many=True).data
        live = model.versions.filter(state=ModelVersion.State.LIVE).first()
        signature = live.signature if live else {"columns": [], "methods": [], "classes": None}
        return {
            "name": model.name,
            "description": model.description,
            "live_version": live and live.version,
            "inputs": signature["columns"],
            "outputs": signature["methods"],
            "classes": signature["classes"],
            "metrics": live.metrics if live else {},
            "versions": versions,
        }


FIELDS: dict[str, type[serializers.Field[Any, Any, Any, Any]]] = {
    NUMBER: serializers.FloatField,
    INTEGER: serializers.IntegerField,
    BOOLEAN: serializers.BooleanField,
    STRING: serializers.CharField,
}


class TrainSerializer(serializers.Serializer[Any]):
    """Whether to train a model that is there already."""

    if_missing = serializers.BooleanField(
        default=False, help_text="Train only if there is no live version."
    )


def row_serializer(signature: Signature) -> type[serializers.Serializer[Any]]:
    """Return the form of one row: a typed, described input for each of the model's columns."""
    return type("Row", (serializers.Serializer,), {c.name: _field(c) for c in signature.columns})


def _field(column: Column) -> serializers.Field[Any, Any, Any, Any]:
    seen = "; seen from {:g} to {:g}".format(*column.range) if column.range else ""
    options: dict[str, Any] = {
        "label": column.name,
        "help_text": f"{column.description or column.dtype}{seen}.",
        "initial": column.example,
        "required": column.required,
        "allow_null": column.nullable,
    }
    if column.closed and column.categories:
        return serializers.ChoiceField(choices=list(column.categories), **options)
    return FIELDS[column.kind](**options)
