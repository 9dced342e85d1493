"""Metrics and curves of a classifier."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    log_loss,
    roc_auc_score,
    roc_curve,
)

from predictor.core.evaluation.holdout import CONFIDENCE

Array = npt.NDArray[Any]

# Number of classes up to which there are a confusion matrix and curves.
MAX_CLASSES = 20

MAX_CURVE_POINTS = 50
N_CALIBRATION_BINS = 10


def measure_accuracy(y: Array, predicted: Array) -> dict[str, Any]:
    """Return the share of correct rows with its confidence interval (Wilson score).

    Parameters
    ----------
    y, predicted : array of shape (n_samples, n_outputs)
        A row is correct if all of its outputs are.
    """
    n_correct = int((y == predicted).all(axis=1).sum())
    interval = binomtest(n_correct, len(y)).proportion_ci(CONFIDENCE, method="wilson")
    return {"value": n_correct / len(y), "low": float(interval.low), "high": float(interval.high)}


def evaluate_classifier(
    y: Array,
    predicted: Array,
    labels: Sequence[Any],
    probabilities: Array | None,
    decisions: Array | None,
) -> dict[str, Any]:
    """Return the evaluation of a classifier with one output.

    Parameters
    ----------
    y, predicted : array of int of shape (n_samples,)
        Positions of the labels.
    labels : sequence
    probabilities : array of shape (n_samples, n_classes), optional
    decisions : array of shape (n_samples,), optional
        Values of `decision_function` of a classifier with two classes.
    """
    positions = list(range(len(labels)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that are not among the rows
        metrics = {"balanced_accuracy": balanced_accuracy_score(y, predicted)}
        if probabilities is not None:
            metrics["log_loss"] = log_loss(y, probabilities, labels=positions)
    evaluation: dict[str, Any] = {"metrics": metrics, "notes": []}
    if len(labels) > MAX_CLASSES:
        evaluation["notes"].append(
            f"The confusion matrix and curves are omitted: there are more than {MAX_CLASSES} "
            "classes."
        )
    else:
        counts = confusion_matrix(y, predicted, labels=positions)
        evaluation["confusion_matrix"] = {"labels": list(labels), "counts": counts.tolist()}
    scores = _get_scores(labels, probabilities, decisions)
    if scores:
        _add_curves(evaluation, y, labels, scores, with_calibration=probabilities is not None)
    return evaluation


def _get_scores(
    labels: Sequence[Any], probabilities: Array | None, decisions: Array | None
) -> dict[int, Array]:
    """Return the scores of each class, by its position; of two classes, those of the second."""
    is_binary = len(labels) == 2  # noqa: PLR2004 - binary
    if probabilities is None:
        return {1: decisions} if is_binary and decisions is not None else {}
    return {
        position: probabilities[:, position]
        for position in ([1] if is_binary else range(len(labels)))
    }


def _add_curves(
    evaluation: dict[str, Any],
    y: Array,
    labels: Sequence[Any],
    scores: dict[int, Array],
    *,
    with_calibration: bool,
) -> None:
    """Add the curves of each class against the rest, and the mean area under the ROC curves."""
    counts = {position: int((y == position).sum()) for position in scores}
    one_sided = [position for position, count in counts.items() if count in (0, len(y))]
    if one_sided:
        absent = ", ".join(str(labels[position]) for position in one_sided)
        evaluation["notes"].append(
            f"The ROC AUC is omitted: the rows have one kind of target for the class {absent}."
        )
    else:
        areas = [roc_auc_score(y == position, values) for position, values in scores.items()]
        evaluation["metrics"]["roc_auc"] = float(np.mean(areas))
    if len(labels) > MAX_CLASSES:
        return
    evaluation["roc_curves"] = [
        {"label": labels[position]} | _compute_roc_curve(y == position, values)
        for position, values in scores.items()
        if position not in one_sided
    ]
    if with_calibration:
        evaluation["calibration_curves"] = [
            {"label": labels[position]} | _compute_calibration_curve(y == position, values)
            for position, values in scores.items()
        ]


def _compute_roc_curve(is_class: Array, scores: Array) -> dict[str, Any]:
    """Return a bounded number of points of a ROC curve, evenly spaced along it."""
    fpr, tpr, _ = roc_curve(is_class, scores)
    places = np.searchsorted(fpr + tpr, np.linspace(0, 2, MAX_CURVE_POINTS))
    points = np.unique(np.minimum(places, len(fpr) - 1))
    return {"fpr": fpr[points].tolist(), "tpr": tpr[points].tolist()}


def _compute_calibration_curve(is_class: Array, probabilities: Array) -> dict[str, Any]:
    """Return the mean probability, the share of the class and the number of rows of each bin."""
    observed, predicted = calibration_curve(is_class, probabilities, n_bins=N_CALIBRATION_BINS)
    edges = np.linspace(0, 1, N_CALIBRATION_BINS + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], probabilities))
    return {
        "predicted": predicted.tolist(),
        "observed": observed.tolist(),
        "counts": counts[counts > 0].tolist(),
    }
