"""Predictions for a row in which one column is varied over its range."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from predictor.core.coercion import INTEGER, NUMBER
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput
from predictor.core.example_rows import list_values
from predictor.core.model import Model

# Number of values of the varied column: fewer if the model is slow.
MAX_VALUES, MIN_VALUES = 25, 5
# Number of classes: of more, those that reach the largest numbers.
MAX_SERIES = 20
# Time for all predictions, given that each takes as long as the first.
TIME_LIMIT_S = 1.0
NUMBERS = (NUMBER, INTEGER)

# Outputs with numbers, in order of preference, and nouns for them.
LABELS = {
    "predict_proba": "Probability",
    "predict": "Prediction",
    "decision_function": "Decision",
    "score_samples": "Score",
}


class Variation(NamedTuple):
    """Predictions by the values of a column.

    Parameters
    ----------
    column : Column
    values : list
        JSON values of the column.
    series : dict of str to list of float
        Numbers by class; under the response key of the output if there are no classes.
    output : str
        The method of the estimator.
    n_series : int
        Number of classes that the model has.
    """

    column: Column
    values: list[Any]
    series: dict[str, list[float]]
    output: str
    n_series: int = 1

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers, so that lines between them make sense."""
        has_range = self.column.kind in NUMBERS and not self.column.categories
        return has_range and len(self.values) > 1

    @property
    def rows(self) -> list[tuple[Any, tuple[float, ...]]]:
        """The values of the column, each with its number in each series."""
        return list(zip(self.values, zip(*self.series.values(), strict=True), strict=True))

    @property
    def are_shares(self) -> bool:
        """Whether the numbers are probabilities."""
        return self.output == "predict_proba"

    @property
    def label(self) -> str:
        """Noun for the numbers."""
        return LABELS[self.output]

    @property
    def title(self) -> str:
        """Noun phrase for the chart."""
        return f"{self.label} by {self.column.name}"


def list_variable(columns: Sequence[Column]) -> list[Column]:
    """Return the columns with several known values, those of numbers first."""
    candidates = [c for c in columns if c.required and len(list_values(c, MIN_VALUES)) > 1]
    return sorted(
        candidates, key=lambda column: bool(column.categories) or column.kind not in NUMBERS
    )


def vary(model: Model, row: Mapping[str, Any], column: Column, row_s: float) -> Variation | None:
    """Return the predictions for a row with other values of a column.

    Parameters
    ----------
    model : Model
    row : mapping of str to object
        A valid row as JSON values.
    column : Column
    row_s : float
        Duration of a prediction of one row.

    Returns
    -------
    Variation or None
        None if the model is too slow, has no output with one number for a row or a class, or
        rejects a value.
    """
    n_values = min(MAX_VALUES, int(TIME_LIMIT_S / max(row_s, 1e-9)))
    output = next((name for name in LABELS if name in model.signature.methods), None)
    values = list_values(column, n_values) if n_values >= MIN_VALUES else []
    if output is None or len(values) < 2:  # noqa: PLR2004 - one value varies nothing
        return None
    try:
        rows = model.signature.parse_rows([{**row, column.name: value} for value in values])
        results = model.infer(rows.X, (output,))
    except InvalidInput:  # such as a value of the range that the estimator rejects
        return None
    ((name, predictions),) = model.signature.encode_response(results, is_single=False).items()
    keyed = [each if isinstance(each, dict) else {name: each} for each in predictions]
    if not all(_is_number(number) for each in keyed for number in each.values()):
        return None
    series = {key: [each[key] for each in keyed] for key in keyed[0]}
    largest = sorted(series, key=lambda key: -max(series[key]))[:MAX_SERIES]
    shown = {key: numbers for key, numbers in series.items() if key in largest}
    return Variation(column, values, shown, output, n_series=len(series))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
