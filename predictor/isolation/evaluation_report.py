"""Schema of an evaluation, see `core.evaluation.evaluate`."""

from typing import Annotated, Any, Literal

import msgspec

from predictor.isolation.report_types import Count, Share, Text, Value

MAX_METRICS = 20
MAX_LABELS = 100
MAX_POINTS = 100
MAX_BINS = 50


class Strict(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Base class of the parts of an evaluation."""


class Metric(msgspec.Struct, forbid_unknown_fields=True):
    """A number with the ends of its confidence interval, if it has one."""

    value: float
    low: float | None
    high: float | None


class ConfusionMatrix(Strict):
    """Number of rows of each true label (row) and each predicted label (column)."""

    labels: Annotated[list[Value], msgspec.Meta(max_length=MAX_LABELS)]
    counts: list[list[Count]]

    def __post_init__(self) -> None:
        _check_lengths(self.labels, self.counts, *self.counts)


Points = Annotated[list[Share], msgspec.Meta(max_length=MAX_POINTS)]


class RocCurve(Strict):
    """False and true positive rates of one class against the rest."""

    label: Value
    fpr: Points
    tpr: Points

    def __post_init__(self) -> None:
        _check_lengths(self.fpr, self.tpr)


class CalibrationCurve(Strict):
    """Mean probability, share of the class, and number of rows of each bin."""

    label: Value
    predicted: Points
    observed: Points
    counts: list[Count]

    def __post_init__(self) -> None:
        _check_lengths(self.predicted, self.observed, self.counts)


class PredictedValues(Strict):
    """Numbers of rows by bins of the true and of the predicted value."""

    edges: Annotated[list[float], msgspec.Meta(min_length=2, max_length=MAX_BINS + 1)]
    cells: Annotated[list[tuple[Count, Count, Count]], msgspec.Meta(max_length=MAX_BINS**2)]

    def __post_init__(self) -> None:
        n_bins = len(self.edges) - 1
        if self.edges != sorted(set(self.edges)):
            raise ValueError("The edges of the bins do not increase")
        if any(true >= n_bins or predicted >= n_bins for true, predicted, _ in self.cells):
            raise ValueError("There is no such bin")


class Importance(Strict):
    """Fall of a metric if a column is shuffled: mean and standard deviation by column."""

    metric: Text
    n_rows: Count
    n_repeats: Count
    mean: list[float]
    std: list[float]

    def __post_init__(self) -> None:
        _check_lengths(self.mean, self.std)


class Evaluation(Strict):
    """Evaluation of a model on held-out rows. Absent values cannot be computed for the model."""

    task: Literal["classification", "regression"]
    target: list[Text]
    n_rows: Count
    metrics: Annotated[dict[Text, Metric], msgspec.Meta(max_length=MAX_METRICS)]
    confusion_matrix: ConfusionMatrix | None = None
    roc_curves: Annotated[list[RocCurve], msgspec.Meta(max_length=MAX_LABELS)] = []
    calibration_curves: Annotated[list[CalibrationCurve], msgspec.Meta(max_length=MAX_LABELS)] = []
    predicted_values: PredictedValues | None = None
    importance: Importance | None = None
    notes: list[Text] = []


def to_plain(evaluation: Evaluation | None) -> dict[str, Any]:
    """Return an evaluation as JSON values; empty without an evaluation."""
    plain: dict[str, Any] = msgspec.to_builtins(evaluation) if evaluation else {}
    return plain


def _check_lengths(*parts: list[Any]) -> None:
    if len(set(map(len, parts))) > 1:
        raise ValueError("Parts of the evaluation have different lengths")
