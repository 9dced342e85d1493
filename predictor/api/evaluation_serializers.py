"""Serializers for the evaluation of a version on test data."""

from typing import Any

from rest_framework import serializers


class MetricSerializer(serializers.Serializer[Any]):
    """A metric, with the ends of its 95 % confidence interval, if it has one."""

    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class ConfusionMatrixSerializer(serializers.Serializer[Any]):
    """Number of rows of each true class (row) and each predicted class (column)."""

    labels = serializers.ListField(child=serializers.JSONField())
    counts = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="A list for each true class, with a number for each predicted class.",
    )


class RocCurveSerializer(serializers.Serializer[Any]):
    """False and true positive rates of one class against the rest."""

    label = serializers.JSONField()  # type: ignore[assignment]  # hides Field.label of DRF
    fpr = serializers.ListField(child=serializers.FloatField())
    tpr = serializers.ListField(child=serializers.FloatField())


class CalibrationCurveSerializer(serializers.Serializer[Any]):
    """Predicted probabilities and observed shares of one class, in bins."""

    label = serializers.JSONField()  # type: ignore[assignment]  # hides Field.label of DRF
    predicted = serializers.ListField(
        child=serializers.FloatField(), help_text="Mean probability in each bin."
    )
    observed = serializers.ListField(
        child=serializers.FloatField(), help_text="Share of rows of the class in each bin."
    )
    counts = serializers.ListField(
        child=serializers.IntegerField(), help_text="Number of rows in each bin."
    )


class PredictedValuesSerializer(serializers.Serializer[Any]):
    """Numbers of rows by bins of the true and of the predicted value."""

    edges = serializers.ListField(
        child=serializers.FloatField(), help_text="Edges of the bins of both values."
    )
    cells = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=3, max_length=3),
        help_text="Bin of the true value, bin of the predicted value, number of rows.",
    )


class ImportanceSerializer(serializers.Serializer[Any]):
    """Fall of a metric if the values of a column are shuffled, in the order of the inputs."""

    metric = serializers.CharField()
    n_rows = serializers.IntegerField()
    n_repeats = serializers.IntegerField()
    mean = serializers.ListField(child=serializers.FloatField())
    std = serializers.ListField(child=serializers.FloatField())


class EvaluationSerializer(serializers.Serializer[Any]):
    """The quality of a version on test data. Without test data, the object is empty."""

    task = serializers.ChoiceField(choices=["classification", "regression"], required=False)
    target = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Predicted columns."
    )
    n_rows = serializers.IntegerField(required=False)
    metrics = serializers.DictField(child=MetricSerializer(), required=False)
    confusion_matrix = ConfusionMatrixSerializer(required=False)
    roc_curves = RocCurveSerializer(many=True, required=False)
    calibration_curves = CalibrationCurveSerializer(many=True, required=False)
    predicted_values = PredictedValuesSerializer(required=False)
    importance = ImportanceSerializer(required=False)
    notes = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Reasons for omitted values."
    )
