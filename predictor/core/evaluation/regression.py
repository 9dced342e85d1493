"""Metrics of a regressor, and its predictions against the true values."""

from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import numpy.typing as npt
from scipy.stats import DegenerateDataWarning, bootstrap
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from predictor.core.evaluation.holdout import CONFIDENCE

Array = npt.NDArray[Any]

N_RESAMPLES = 1000
# Number of resamples that are computed together; it bounds the memory.
BATCH = 10
SEED = 0

# Number of bins of the true and of the predicted values.
N_BINS = 20

METRICS = {
    "r2": r2_score,
    "mean_absolute_error": mean_absolute_error,
    "root_mean_squared_error": root_mean_squared_error,
}


def evaluate_regressor(y: Array, predicted: Array) -> dict[str, Any]:
    """Return the evaluation of a regressor.

    The metrics of several outputs are means over the outputs.

    Parameters
    ----------
    y, predicted : array of shape (n_samples, n_outputs)
    """
    intervals = compute_intervals(y, predicted)
    metrics = {
        name: {"value": float(metric(y, predicted)), "low": low, "high": high}
        for (name, metric), low, high in zip(METRICS.items(), *intervals, strict=True)
    }
    evaluation: dict[str, Any] = {"metrics": metrics, "notes": []}
    low, high = (float(end(np.stack([y, predicted]))) for end in (np.min, np.max))
    if y.shape[1] == 1 and low < high:
        counts, edges, _ = np.histogram2d(y[:, 0], predicted[:, 0], N_BINS, [[low, high]] * 2)
        cells = np.argwhere(counts)
        evaluation["predicted_values"] = {
            "edges": edges.tolist(),
            "cells": [[*cell, int(counts[tuple(cell)])] for cell in cells.tolist()],
        }
    return evaluation


def compute_intervals(y: Array, predicted: Array) -> tuple[list[float], list[float]]:
    """Return the lower and the upper ends of the bootstrap intervals of the metrics.

    Parameters
    ----------
    y, predicted : array of shape (n_samples, n_outputs)
    """

    def compute_metrics(rows: Array, axis: int) -> Array:  # noqa: ARG001 - the last axis
        true = y[rows]
        errors = true - predicted[rows]
        squares = (errors**2).sum(axis=-2)
        deviations = ((true - true.mean(axis=-2, keepdims=True)) ** 2).sum(axis=-2)
        return np.stack(
            [
                (1 - squares / deviations).mean(axis=-1),
                np.abs(errors).mean(axis=(-2, -1)),
                np.sqrt(squares / rows.shape[-1]).mean(axis=-1),
            ]
        )

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"), catch_warnings():
        simplefilter("ignore", DegenerateDataWarning)  # an end of the interval is NaN then
        interval = bootstrap(
            (np.arange(len(y)),),
            compute_metrics,
            n_resamples=N_RESAMPLES,
            batch=BATCH,
            vectorized=True,
            confidence_level=CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(SEED),
        ).confidence_interval
    return interval.low.tolist(), interval.high.tolist()
