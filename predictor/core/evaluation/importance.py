"""Permutation importance of the columns of X."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.inspection import permutation_importance

from predictor.core.evaluation.holdout import Holdout
from predictor.core.input_builders import ARRAY, FRAME
from predictor.core.lazy_frame import materialize
from predictor.core.signature import Signature

Array = npt.NDArray[Any]

MAX_ROWS = 1000
MAX_COLUMNS = 200
N_REPEATS = 5
SEED = 0

# The importance is omitted if its predictions take more processor time.
MAX_S = 10.0


class ImportanceOmitted(Exception):
    """The importance cannot be measured; the message says why."""


def measure_importance(
    estimator: Any, signature: Signature, holdout: Holdout, score: Callable[[Any, Array], float]
) -> dict[str, Any]:
    """Return how much the score falls on average if the values of a column are shuffled.

    Parameters
    ----------
    estimator : estimator
    signature : Signature
    holdout : Holdout
    score : callable
        Returns the score of the predictions for X, given y.

    Returns
    -------
    dict
        Mean and standard deviation for each column of the signature.

    Raises
    ------
    ImportanceOmitted
        The model has too many columns, or takes too long; X is not a table.
    """
    n_columns = len(signature.columns)
    if signature.container not in (ARRAY, FRAME) or not hasattr(estimator, "fit"):
        raise ImportanceOmitted("the input of the model is not a table of scikit-learn")
    if n_columns > MAX_COLUMNS:
        raise ImportanceOmitted(f"the model has more than {MAX_COLUMNS} columns")
    X, y = _choose_rows(materialize(holdout.X), holdout.y)
    start = time.process_time()
    score(X, y)
    if (time.process_time() - start) * N_REPEATS * n_columns > MAX_S:
        raise ImportanceOmitted(
            f"its predictions take more than {MAX_S:g} seconds of processor time"
        )
    try:
        result = permutation_importance(
            estimator,
            X,
            y,
            scoring=lambda _estimator, X, y: score(X, y),
            n_repeats=N_REPEATS,
            random_state=SEED,
        )
    except ValueError as exc:  # of the model, or of a metric of predictions that are not finite
        raise ImportanceOmitted("the model rejects rows with shuffled values") from exc
    return {
        "n_rows": len(y),
        "n_repeats": N_REPEATS,
        "mean": result.importances_mean.tolist(),
        "std": result.importances_std.tolist(),
    }


def _choose_rows(X: Any, y: Array) -> tuple[Any, Array]:
    """Return a bounded number of rows, chosen at random."""
    if len(y) <= MAX_ROWS:
        return X, y
    positions = np.sort(np.random.default_rng(SEED).choice(len(y), MAX_ROWS, replace=False))
    return (X.iloc[positions] if hasattr(X, "iloc") else X[positions]), y[positions]
