"""Serializers for the cards of models and versions."""

from datetime import UTC
from operator import attrgetter
from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from predictor.api.evaluation_serializers import EvaluationSerializer
from predictor.core.coercion import KINDS
from predictor.core.columns import Column
from predictor.models import ModelVersion, RegisteredModel
from predictor.runtime.store import get_store

# Times are in UTC, even if the site has another TIME_ZONE.
IN_UTC = {"created_at": {"default_timezone": UTC}, "purged_at": {"default_timezone": UTC}}

# Columns of a version that are long, and that an entry in a list of versions does not have.
LONG_COLUMNS = ("engines", "evaluation", "parts")

CLASS_NAMES = "Names of classes, by the label as it is in the keys of the probabilities."


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """An entry in the list of versions on a card."""

    class Meta:
        model = ModelVersion
        fields = (
            "version",
            "state",
            "created_at",
            "purged_at",
            "metrics",
            "format",
            "fitted_with",
            "notes",
        )
        read_only_fields = fields
        extra_kwargs = IN_UTC


@extend_schema_field({"type": ["number", "string"]})
class LimitField(serializers.JSONField):
    """The smallest or the largest value of a column."""


class InputSerializer(serializers.Serializer[Column]):
    """An input column on a card."""

    name = serializers.CharField()
    description = serializers.CharField()
    dtype = serializers.CharField()
    kind = serializers.ChoiceField(choices=sorted(KINDS), required=False)
    required = serializers.BooleanField(  # type: ignore[assignment]  # hides Field.required of DRF
        help_text="False: the model does not use the column. Its values are ignored."
    )
    nullable = serializers.BooleanField()
    categories = serializers.ListField(child=serializers.JSONField(), required=False)
    closed = serializers.BooleanField(required=False)
    none = serializers.BooleanField(required=False)
    range = serializers.ListField(
        child=LimitField(),
        allow_null=True,
        help_text="The smallest and the largest value in the sample: numbers, or times as text.",
    )
    example = serializers.JSONField()  # may be null
    counts = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Numbers of values of the sample in each category or tenth of the range.",
    )
    dtype_categories = serializers.ListField(child=serializers.JSONField(), required=False)
    ordered = serializers.BooleanField(required=False)


class MethodEnginesSerializer(serializers.Serializer[Any]):
    """The engines that run a method: for one row, and for 256 rows or more."""

    one = serializers.CharField()
    many = serializers.CharField()  # type: ignore[assignment]  # hides BaseSerializer.many of DRF
    up_to_rows = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text="With more rows, scikit-learn runs. Null: it never runs.",
    )
    microseconds = serializers.DictField(
        child=serializers.DictField(child=serializers.FloatField()),
        required=False,
        help_text="Time of a call of each engine with 1, 256 and 1024 rows.",
    )
    rows_tried = serializers.IntegerField(required=False)
    difference = serializers.FloatField(
        required=False, help_text="Largest relative difference from scikit-learn's results."
    )
    reason = serializers.CharField(
        help_text="Why the method is not compiled; empty if it is compiled."
    )


class EnginesSerializer(serializers.Serializer[Any]):
    """The engines of a version, their verification and their speed."""

    engine = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    methods = serializers.DictField(child=MethodEnginesSerializer(), required=False)
    joined = serializers.BooleanField(
        required=False, help_text="Whether requests that arrive during a call share the next call."
    )
    alone = serializers.CharField(required=False, help_text="Why they do not; empty if they do.")
    seconds = serializers.FloatField(required=False, help_text="Duration of the compilation.")
    built_with = serializers.DictField(child=serializers.CharField(), required=False)


def with_versions(models: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
    """Return the models with their versions, without the columns that a card does not show."""
    versions = ModelVersion.objects.defer(*LONG_COLUMNS)
    return models.prefetch_related(Prefetch("versions", versions))


class VersionCardSerializer(serializers.ModelSerializer[ModelVersion]):
    """A version: its inputs and outputs, metrics and origin."""

    model = serializers.CharField(source="model.name")
    inputs = InputSerializer(many=True, source="signature.columns")
    outputs = serializers.ListField(child=serializers.CharField(), source="signature.methods")
    classes = serializers.ListField(
        child=serializers.JSONField(), allow_null=True, source="signature.classes"
    )
    class_names = serializers.DictField(
        child=serializers.CharField(),
        source="signature.class_names",
        default=dict,
        help_text=CLASS_NAMES,
    )
    metrics = serializers.DictField(child=serializers.FloatField())
    evaluation = EvaluationSerializer()
    engines = EnginesSerializer()

    class Meta:
        model = ModelVersion
        fields = (
            "model",
            "version",
            "state",
            "created_at",
            "purged_at",
            "inputs",
            "outputs",
            "classes",
            "class_names",
            "metrics",
            "evaluation",
            "estimator",
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
        extra_kwargs = IN_UTC


class CardSerializer(serializers.Serializer[RegisteredModel]):
    """A model: its inputs and outputs, metrics and versions."""

    name = serializers.CharField()
    description = serializers.CharField()
    live_version = serializers.IntegerField(allow_null=True)
    inputs = InputSerializer(many=True)
    outputs = serializers.ListField(child=serializers.CharField())
    classes = serializers.ListField(child=serializers.JSONField(), allow_null=True)
    class_names = serializers.DictField(child=serializers.CharField(), help_text=CLASS_NAMES)
    metrics = serializers.DictField(child=serializers.JSONField())
    versions = VersionSerializer(many=True)
    problem = serializers.CharField(required=False, help_text="Why the live version is not served.")

    def to_representation(self, model: RegisteredModel) -> dict[str, Any]:
        """Return the card; without a live version, it has no inputs, outputs or metrics."""
        rows = sorted(model.versions.all(), key=attrgetter("version"))
        versions = self.fields["versions"].to_representation(rows)
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
            "class_names": signature.get("class_names", {}),
            "metrics": live.metrics if live else {},
            "versions": versions,
        } | ({"problem": load_error} if load_error else {})
