"""Evaluation of a fitted estimator on held-out rows."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import r2_score

from predictor.core import introspection
from predictor.core.engines import EstimatorEngine
from predictor.core.errors import InvalidInput
from predictor.core.evaluation.classification import evaluate_classifier, measure_accuracy
from predictor.core.evaluation.holdout import TEST, Holdout, get_output_labels, reject
from predictor.core.evaluation.importance import ImportanceOmitted, measure_importance
from predictor.core.evaluation.regression import evaluate_regressor
from predictor.core.lazy_frame import slice_rows
from predictor.core.response_values import to_array, to_json_values
from predictor.core.signature import Signature

Array = npt.NDArray[Any]

CLASSIFICATION, REGRESSION = "classification", "regression"

# Largest difference of the sum of probabilities from 1, and of a probability from [0, 1].
TOLERANCE = 1e-3


def check_task(estimator: Any, signature: Signature) -> None:
    """Check that the predictions of an estimator can be compared with known values.

    Raises
    ------
    InvalidInput
        The estimator is neither a classifier nor a regressor.
    """
    if "predict" not in signature.methods or not introspection.predicts_target(estimator):
        raise reject(
            TEST,
            "Test data needs a classifier or a regressor; "
            f"{type(estimator).__name__} is neither of them.",
        )


def evaluate(estimator: Any, signature: Signature, holdout: Holdout) -> dict[str, Any]:
    """Return the evaluation of an estimator as JSON values.

    Values that cannot be computed for the estimator are absent, and most of them have a note.

    Parameters
    ----------
    estimator : classifier or regressor
    signature : Signature
    holdout : Holdout

    Raises
    ------
    InvalidInput
        The estimator rejects a row, or predicts a value that is not a finite number or a class.
    """
    evaluator = _Evaluator(estimator, signature)
    predicted = evaluator.predict_all(holdout.X)
    is_classifier = evaluator.labels[0] is not None
    if is_classifier:
        evaluation = evaluator.evaluate_classifier(holdout, predicted)
    else:
        evaluation = evaluate_regressor(holdout.y, predicted)
    score = evaluator.score_accuracy if is_classifier else evaluator.score_r2
    try:
        importance = measure_importance(estimator, signature, holdout, score)
    except ImportanceOmitted as exc:
        evaluation["notes"].append(f"The importance of the columns is omitted: {exc}.")
    else:
        evaluation["importance"] = {"metric": "accuracy" if is_classifier else "r2"} | importance
    return evaluation | {
        "task": CLASSIFICATION if is_classifier else REGRESSION,
        "target": list(holdout.targets),
        "n_rows": len(holdout.y),
        "metrics": _format_metrics(evaluation["metrics"]),
    }


class _Evaluator:
    """Predictions and scores of an estimator, with labels as their positions."""

    def __init__(self, estimator: Any, signature: Signature) -> None:
        self.engine = EstimatorEngine(estimator)
        self.methods = signature.methods
        self.labels = get_output_labels(signature)

    def predict(self, X: Any) -> Array:
        """Return predictions of shape (n_samples, n_outputs)."""
        values = to_array(self.engine.run(["predict"], X)["predict"])
        outputs = values.reshape(X.shape[0], -1).T
        return np.array(
            [_to_numbers(each, labels) for each, labels in zip(outputs, self.labels, strict=True)]
        ).T

    def predict_all(self, X: Any) -> Array:
        """Return predictions for all rows; raise InvalidInput with the index of a wrong row."""
        try:
            predicted = self.predict(X)
        except InvalidInput as exc:
            row, reason = self._find_rejected_row(X)
            raise reject(
                TEST, f"The model rejects the row at index {row} of the test data. {reason or exc}"
            ) from exc
        invalid = np.flatnonzero(~np.isfinite(predicted).all(axis=1))
        if len(invalid):
            raise reject(
                TEST,
                f"For the row at index {invalid[0]} of the test data, the model predicts a value "
                "that is neither a finite number nor one of its classes.",
            )
        return predicted

    def _find_rejected_row(self, X: Any) -> tuple[int, str]:
        """Return the index of the first row up to which the rows are rejected, and the reason."""
        low, high, reason = 0, X.shape[0], ""
        while high - low > 1:
            middle = (low + high) // 2
            try:
                self.predict(slice_rows(X, slice(0, middle)))
            except InvalidInput as exc:
                high, reason = middle, str(exc)
            else:
                low = middle
        return high - 1, reason

    def evaluate_classifier(self, holdout: Holdout, predicted: Array) -> dict[str, Any]:
        """Return the evaluation of a classifier; of several outputs only the accuracy."""
        accuracy = {"accuracy": measure_accuracy(holdout.y, predicted)}
        if len(self.labels) > 1:
            return {"metrics": accuracy, "notes": []}
        labels = self.labels[0] or ()
        probabilities = self._run_optional("predict_proba", holdout.X)
        if probabilities is not None:
            probabilities = _check_probabilities(probabilities, (len(holdout.y), len(labels)))
        decisions = self._run_optional("decision_function", holdout.X)
        if decisions is not None and (decisions.ndim > 1 or not np.isfinite(decisions).all()):
            decisions = None
        evaluation = evaluate_classifier(
            holdout.y[:, 0].astype(int),
            predicted[:, 0].astype(int),
            labels,
            probabilities,
            decisions,
        )
        return evaluation | {"metrics": accuracy | evaluation["metrics"]}

    def _run_optional(self, method: str, X: Any) -> Array | None:
        """Return the results of a method; None if the estimator lacks it or rejects the rows."""
        if method not in self.methods:
            return None
        try:
            return np.asarray(self.engine.run([method], X)[method])
        except InvalidInput:
            return None

    def score_accuracy(self, X: Any, y: Array) -> float:
        """Return the accuracy of the predictions for rows."""
        return float((self.predict(X) == y).all(axis=1).mean())

    def score_r2(self, X: Any, y: Array) -> float:
        """Return R² of the predictions for rows."""
        return float(r2_score(y, self.predict(X)))


def _to_numbers(values: Array, labels: Sequence[Any] | None) -> list[float]:
    """Return predictions as numbers, or as positions of labels; NaN for an unknown label."""
    if labels is None:
        return [float(value) for value in values.tolist()]
    positions = {label: position for position, label in enumerate(labels)}
    return [positions.get(value, math.nan) for value in to_json_values(values)]


def _check_probabilities(values: Array, shape: tuple[int, int]) -> Array | None:
    """Return probabilities without rounding errors; None if they are something else."""
    if values.shape != shape or not np.isfinite(values).all():
        return None
    clipped = np.clip(values, 0, 1)
    are_shares = np.abs(values - clipped).max() <= TOLERANCE
    is_whole = np.abs(clipped.sum(axis=1) - 1).max() <= TOLERANCE
    return clipped if are_shares and is_whole else None


def _format_metrics(metrics: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """Return the finite metrics, each with the ends of its interval; None if it has none."""
    formatted = {}
    for name, metric in metrics.items():
        fields = metric if isinstance(metric, dict) else {"value": float(metric)}
        if math.isfinite(fields["value"]):
            ends = [fields.get(end, math.nan) for end in ("low", "high")]
            low, high = ends if all(map(math.isfinite, ends)) else (None, None)
            formatted[name] = {"value": fields["value"], "low": low, "high": high}
    return formatted
