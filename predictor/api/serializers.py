"""The card of a model, and the form for its rows."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from rest_framework import serializers
from rest_framework.utils.html import is_html_input

from predictor.core.coercion import BOOLEAN, COERCERS, INTEGER, NUMBER, STRING
from predictor.core.columns import Column
from predictor.core.signature import Signature
from predictor.models import ModelVersion, RegisteredModel
from predictor.runtime.store import get_store


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """One version, as the card lists it."""

    class Meta:
        model = ModelVersion
        fields = ("version", "state", "created_at", "metrics", "format", "fitted_with", "notes")
        read_only_fields = fields


class InputSerializer(serializers.Serializer[Column]):
    """One column, as the card describes it."""

    name = serializers.CharField()
    description = serializers.CharField()
    dtype = serializers.CharField()
    kind = serializers.ChoiceField(choices=sorted(COERCERS), required=False)
    required = serializers.BooleanField()  # type: ignore[assignment]  # not DRF's
    nullable = serializers.BooleanField()
    categories = serializers.ListField(child=serializers.JSONField(), required=False)
    closed = serializers.BooleanField(required=False)
    none = serializers.BooleanField(required=False)
    range = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    example = serializers.JSONField()  # null too


class MethodEnginesSerializer(serializers.Serializer[Any]):
    """What runs a method: for one row and for 256 and more, and why."""

    one = serializers.CharField()
    many = serializers.CharField()  # type: ignore[assignment]  # not DRF's
    up_to_rows = serializers.IntegerField(
        required=False, allow_null=True, help_text="Above it scikit-learn runs; null: never."
    )
    microseconds = serializers.DictField(
        child=serializers.DictField(child=serializers.FloatField()),
        required=False,
        help_text="Of each engine, for 1, 256 and 1024 rows.",
    )
    rows_tried = serializers.IntegerField(required=False)
    difference = serializers.FloatField(
        required=False, help_text="The greatest relative one from scikit-learn."
    )
    reason = serializers.CharField(help_text="Why it is not compiled; empty where it is.")


class EnginesSerializer(serializers.Serializer[Any]):
    """What runs a version: compiled or not, proven how, and how fast."""

    engine = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    methods = serializers.DictField(child=MethodEnginesSerializer(), required=False)
    joined = serializers.BooleanField(
        required=False, help_text="Whether requests that come during a call share the next one."
    )
    alone = serializers.CharField(required=False, help_text="Why they do not; empty if they do.")
    seconds = serializers.FloatField(required=False, help_text="What compiling took.")
    built_with = serializers.DictField(child=serializers.CharField(), required=False)


class VersionCardSerializer(serializers.ModelSerializer[ModelVersion]):
    """One version: what it takes and gives, and where it comes from."""

    model = serializers.CharField(source="model.name")
    inputs = InputSerializer(many=True, source="signature.columns")
    outputs = serializers.ListField(child=serializers.CharField(), source="signature.methods")
    classes = serializers.ListField(
        child=serializers.JSONField(), allow_null=True, source="signature.classes"
    )
    metrics = serializers.DictField(child=serializers.FloatField())
    engines = EnginesSerializer()

    class Meta:
        model = ModelVersion
        fields = (
            "model",
            "version",
            "state",
            "created_at",
            "inputs",
            "outputs",
            "classes",
            "metrics",
            "format",
            "sha256",
            "size",
            "fitted_with",
            "engines",
            "use_compiled",
            "source",
            "notes",
        )
        read_only_fields = fields


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
    problem = serializers.CharField(
        required=False, help_text="Why the live version is not the one that answers."
    )

    def to_representation(self, model: RegisteredModel) -> dict[str, Any]:
        """Return the card; without a live version it has neither inputs nor outputs."""
        rows = sorted(model.versions.all(), key=attrgetter("version"))
        versions = VersionSerializer(rows, many=True).data
        live = next((row for row in rows if row.state == ModelVersion.State.LIVE), None)
        signature = live.signature if live else {"columns": [], "methods": [], "classes": None}
        load_error = get_store().load_error(model.name)
        return {
            "name": model.name,
            "description": model.description,
            "live_version": live and live.version,
            "inputs": signature["columns"],
            "outputs": signature["methods"],
            "classes": signature["classes"],
            "metrics": live.metrics if live else {},
            "versions": versions,
        } | ({"problem": load_error} if load_error else {})


FIELDS: dict[str, type[serializers.Field[Any, Any, Any, Any]]] = {
    NUMBER: serializers.FloatField,
    INTEGER: serializers.IntegerField,
    BOOLEAN: serializers.BooleanField,
    STRING: serializers.CharField,
}


class StrictBooleanField(serializers.BooleanField):
    """A JSON boolean; a form, which holds only strings, may say it in words."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> Any:
        """Return the boolean."""
        sent = getattr(self.root, "initial_data", None)
        if not is_html_input(sent) and not isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class OptionsSerializer(serializers.Serializer[Any]):
    """What is asked for; a field that there is not would be a slip of the pen, dropped."""

    what = "this"

    def to_internal_value(self, data: Any) -> Any:
        """Return the options, refusing a field that there is not."""
        if isinstance(data, Mapping):
            unknown = set(data) - set(self.fields) - {"csrfmiddlewaretoken"}
            if unknown:
                sentence = f"Unknown field; {self.what} takes {', '.join(self.fields)}."
                raise serializers.ValidationError({name: [sentence] for name in sorted(unknown)})
        return super().to_internal_value(data)


class TrainSerializer(OptionsSerializer):
    """Whether to train a model that is there already."""

    what = "training"
    if_missing = StrictBooleanField(
        default=False, help_text="Train only if there is no live version."
    )


class RowForm(serializers.Serializer[Any]):
    """The form of one row. The model itself reads rows; the form shows what was typed as it was."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the row as typed; what the model found wrong with it comes with the context."""
        if problems := self.context.get("problems"):
            raise serializers.ValidationError(problems)
        return data

    def to_representation(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row as typed, without what is no column of the model."""
        names = [str(field.field_name) for field in self.fields.values()]
        return {name: row.get(name) for name in names}


class ReasonSerializer(OptionsSerializer):
    """Why something is changed, for the record."""

    why = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="A reason, for the record."
    )


class VersionChoiceSerializer(ReasonSerializer):
    """Which version is meant."""

    version = serializers.IntegerField(min_value=1, max_value=999_999_999)


class UploadSerializer(OptionsSerializer):
    """A file to register, and what is said of it."""

    what = "an upload"

    artifact = serializers.FileField(
        help_text="The fitted estimator: a skops or ONNX file, or a zip of an MLflow model."
    )
    sample = serializers.FileField(
        required=False, help_text="Rows that it takes, as .csv or .npz: they refine the card."
    )
    metrics = serializers.JSONField(
        required=False, help_text='How good it is, such as {"accuracy": 0.93}.'
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    promote = serializers.BooleanField(required=False, help_text="Make it live at once.")

    def validate_metrics(self, metrics: Any) -> Any:
        """Refuse what is no object; what is in it, the registry checks."""
        if not isinstance(metrics, dict):
            raise serializers.ValidationError('Expected an object such as {"accuracy": 0.93}.')
        return metrics


def row_serializer(signature: Signature) -> type[serializers.Serializer[Any]]:
    """Return the form of one row: a typed, described input for each of the model's columns."""
    return type("Row", (RowForm,), {c.name: _field(c) for c in signature.columns})


def _field(column: Column) -> serializers.Field[Any, Any, Any, Any]:
    seen = "; seen from {:g} to {:g}".format(*column.range) if column.range else ""
    options: dict[str, Any] = {
        "label": column.name,
        "help_text": f"{column.description or column.dtype}{seen}.",
        "initial": column.example,
        "required": column.required and not column.nullable,
        "allow_null": column.nullable,
    }
    if column.allowed_values:
        return serializers.ChoiceField(choices=list(column.allowed_values), **options)
    return FIELDS[column.kind](**options)
