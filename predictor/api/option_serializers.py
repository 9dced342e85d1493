"""Serializers for the options of lifecycle requests and uploads."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class BooleanField(serializers.BooleanField):
    """A JSON boolean, or the word that a form sends."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """Return the boolean; reject the other values that DRF accepts, such as 1."""
        word = str(data).lower()
        if word not in ("true", "false"):
            self.fail("invalid")
        return word == "true"


class OptionsSerializer(serializers.Serializer[Any]):
    """Options of a request. Unknown fields are rejected, because they are probably misspelt."""

    subject = "a change"

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated options."""
        if isinstance(data, Mapping):
            unknown = set(data) - set(self.fields) - {"csrfmiddlewaretoken"}
            if unknown:
                sentence = f"Unknown field; {self.subject} takes {', '.join(self.fields)}."
                raise serializers.ValidationError({name: [sentence] for name in sorted(unknown)})
        return super().to_internal_value(data)


class TrainSerializer(OptionsSerializer):
    """Options of a training request."""

    subject = "training"
    if_missing = BooleanField(
        default=False, help_text="Train only if the model has no live version."
    )


class ReasonSerializer(OptionsSerializer):
    """The reason for a change."""

    why = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="The reason, for the model's history.",
    )


class VersionChoiceSerializer(ReasonSerializer):
    """The version to change, and the reason."""

    version = serializers.IntegerField(min_value=1, max_value=999_999_999)


class UploadSerializer(OptionsSerializer):
    """A model file to register, with its metadata."""

    subject = "an upload"

    artifact = serializers.FileField(
        help_text="Fitted estimator: a skops or ONNX file, or an MLflow model as a zip."
    )
    sample = serializers.FileField(
        required=False, help_text="Example rows, as .csv or .npz. They add details to the card."
    )
    test = serializers.FileField(
        required=False,
        help_text="Test data: rows on which the model was not fitted, with their target, as "
        ".csv. The model is evaluated on them.",
    )
    target = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=2000,
        help_text="The column of the test data that the model should predict; of several columns, "
        "the names separated by commas.",
    )
    metrics = serializers.JSONField(
        required=False, help_text='Quality of the model, such as {"accuracy": 0.93}.'
    )
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=2000, help_text="Description of the model."
    )
    columns = serializers.JSONField(
        required=False,
        help_text='Descriptions of any columns, such as {"bmi": "Body mass index (kg/m²)"}.',
    )
    class_names = serializers.JSONField(
        required=False, help_text='Names of any classes, such as {"0": "setosa"}.'
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    promote = serializers.BooleanField(required=False, help_text="Make the version live.")
