"""Serializers for the options of lifecycle requests and uploads."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.utils import json

BOOLEAN_MESSAGES: dict[str, Any] = {"invalid": "Must be true or false."}


class BooleanField(serializers.BooleanField):
    """A JSON boolean, or the word that a form sends."""

    default_error_messages = BOOLEAN_MESSAGES

    def to_internal_value(self, data: Any) -> bool:
        """Return the boolean; reject the other values that DRF accepts, such as 1."""
        word = str(data).lower()
        if word not in ("true", "false"):
            self.fail("invalid")
        return word == "true"


class FileField(serializers.FileField):
    """An uploaded file. A form sends an empty text if no file is chosen."""

    default_error_messages = {
        "invalid": "Expected a file; got a text. With curl, write @ before the path of the file."
    }

    def get_value(self, dictionary: Mapping[str, Any]) -> Any:
        """Return the file; no value for an empty text."""
        value = super().get_value(dictionary)
        return serializers.empty if value == "" else value


class JSONTextField(serializers.CharField):
    """A text in JSON, as a multipart body has it. An empty text is no value."""

    def __init__(self, **options: Any) -> None:
        style = {"base_template": "textarea.html", "rows": 2}
        super().__init__(required=False, allow_blank=True, style=style, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the value; None for an empty text."""
        value = super().run_validation(data)
        return None if value == "" else value

    def to_internal_value(self, data: Any) -> Any:
        """Return the value of the text."""
        try:
            return json.loads(super().to_internal_value(data))
        except (ValueError, RecursionError):
            self.fail("invalid")


@extend_schema_field({"type": "object", "additionalProperties": {"type": "number"}})
class NumbersField(JSONTextField):
    """A JSON object of numbers. The registry checks it."""

    default_error_messages = {"invalid": 'Expected JSON, such as {{"accuracy": 0.93}}.'}


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class TextsField(JSONTextField):
    """A JSON object of texts. The registry checks it."""

    default_error_messages = {"invalid": 'Expected JSON, such as {{"name": "text"}}.'}


class OptionsSerializer(serializers.Serializer[Any]):
    """Options of a request. Unknown fields are rejected, because they are probably misspelt.

    Null is the same as no value for an optional field.
    """

    subject = "a change"

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated options."""
        if isinstance(data, Mapping):
            unknown = set(data) - set(self.fields) - {"csrfmiddlewaretoken"}
            if unknown:
                sentence = f"Unknown field; {self.subject} takes {', '.join(self.fields)}."
                raise serializers.ValidationError({name: [sentence] for name in sorted(unknown)})
            if None in data.values():
                data = {
                    name: value
                    for name, value in data.items()
                    if value is not None or self.fields[name].required
                }
        return super().to_internal_value(data)


class TrainSerializer(OptionsSerializer):
    """Options of a training request."""

    subject = "training"
    if_missing = BooleanField(
        required=False, help_text="Train only if the model has no live version."
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


class FormKeyField(serializers.HiddenField):
    """Key of the page that contains the form, in a hidden input of its template."""

    def __init__(self) -> None:
        super().__init__(default="")

    def get_value(self, dictionary: Mapping[str, Any]) -> Any:
        """Return the value of the input; DRF's class returns none."""
        return serializers.Field.get_value(self, dictionary)


class UploadSerializer(OptionsSerializer):
    """A model file to register, with its metadata."""

    subject = "an upload"

    artifact = FileField(
        help_text="Fitted estimator: a skops or ONNX file, or an MLflow model as a zip.",
    )
    sample = FileField(
        required=False,
        help_text="Example rows, as .csv or .npz. They add details to the card.",
    )
    test = FileField(
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
    metrics = NumbersField(help_text='Quality of the model, such as {"accuracy": 0.93}.')
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=2000, help_text="Description of the model."
    )
    columns = TextsField(
        help_text='Descriptions of any columns, such as {"bmi": "Body mass index (kg/m²)"}.',
    )
    class_names = TextsField(help_text='Names of any classes, such as {"0": "setosa"}.')
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    promote = serializers.BooleanField(
        required=False, help_text="Make the version live.", error_messages=BOOLEAN_MESSAGES
    )
    allow_version = serializers.BooleanField(
        required=False,
        error_messages=BOOLEAN_MESSAGES,
        help_text="Accept an estimator that another version of scikit-learn fitted. Its "
        "predictions may differ from those of that version.",
    )


class PageUploadSerializer(UploadSerializer):
    """An upload on a page. The page of its version shows the findings, and then promotes it."""

    promote = None  # type: ignore[assignment]  # DRF then omits the field
    form_key = FormKeyField()
