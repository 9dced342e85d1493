"""Columns of X that a fitted estimator drops: no value in them can change a result."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.columns import Column
from predictor.core.encoder_metadata import get_all_inner, preserves_columns
from predictor.core.served_methods import find_failures

# Meta-estimators that only pass their rows on to the estimators inside them.
TRANSPARENT = {
    "CalibratedClassifierCV",
    "FixedThresholdClassifier",
    "FrozenEstimator",
    "GridSearchCV",
    "HalvingGridSearchCV",
    "HalvingRandomSearchCV",
    "MultiOutputClassifier",
    "MultiOutputRegressor",
    "OneVsRestClassifier",
    "RandomizedSearchCV",
    "TransformedTargetRegressor",
    "TunedThresholdClassifierCV",
    "VotingClassifier",
    "VotingRegressor",
    "_CalibratedClassifier",
}
# Transformers whose output columns are their input columns, each from itself alone.
SCALERS = {"MaxAbsScaler", "MinMaxScaler", "RobustScaler", "StandardScaler"}

# Number of rows with which a function is compared with a selection of columns.
MAX_ROWS = 64


def find_unused(estimator: Any, n_columns: int, rows: Any = None) -> set[int]:
    """Return the positions of the columns that the structure of an estimator drops.

    Parameters
    ----------
    estimator : estimator
    n_columns : int
    rows : DataFrame or array, optional
        Rows of X. A function, or a transformer of another package, drops columns if it returns some
        columns of these rows unchanged.

    Returns
    -------
    positions : set of int
        Empty if the estimator uses no column at all.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        used = _find_used(estimator, n_columns, None if rows is None else rows[:MAX_ROWS])
    return set(range(n_columns)) - used if used else set()


def _find_used(estimator: Any, n_columns: int, rows: Any) -> set[int]:
    """Return the positions of the columns that an estimator reads."""
    if hasattr(estimator, "transformers_"):
        return _used_by_column_transformer(estimator, rows)
    if hasattr(estimator, "transformer_list"):
        parts = [part for _, part in estimator.transformer_list if part not in ("drop", None)]
        return _used_by_all(parts, n_columns, rows)
    if hasattr(estimator, "steps"):
        return _used_by_pipeline([step for _, step in estimator.steps], n_columns, rows)
    if _passes_rows_on(estimator):
        return _used_by_all(get_all_inner(estimator), n_columns, rows)
    selected = _get_selected(estimator, n_columns, rows)
    return set(range(n_columns)) if selected is None else set(selected)


def _used_by_all(parts: Iterable[Any], n_columns: int, rows: Any) -> set[int]:
    return set().union(*(_find_used(part, n_columns, rows) for part in parts))


def _used_by_column_transformer(estimator: Any, rows: Any) -> set[int]:
    positions = sklearn_private.transformer_columns(estimator)
    used: set[int] = set()
    for name, part, _ in estimator.transformers_:
        received = list(positions.get(name, ()))
        if not received or (isinstance(part, str) and part == "drop"):
            continue
        inside = _find_used(part, len(received), _select(rows, received))
        used |= {received[n] for n in inside}
    return used


def _used_by_pipeline(steps: Sequence[Any], n_columns: int, rows: Any) -> set[int]:
    """Return the used columns; the first steps can select columns, or change each by itself."""
    positions = list(range(n_columns))
    for step in steps:
        if preserves_columns(step) or _is_scaler(step):
            rows = None
            continue
        selected = _get_selected(step, len(positions), rows)
        if selected is None:
            return {positions[n] for n in _find_used(step, len(positions), rows)}
        positions = [positions[n] for n in selected]
        rows = _select(rows, selected)
    return set(positions)


def _passes_rows_on(estimator: Any) -> bool:
    name = type(estimator).__name__
    is_stack = name in ("StackingClassifier", "StackingRegressor") and not estimator.passthrough
    return (is_stack or name in TRANSPARENT) and _is_from_scikit_learn(estimator)


def _is_scaler(step: Any) -> bool:
    return type(step).__name__ in SCALERS and _is_from_scikit_learn(step)


def _is_from_scikit_learn(estimator: Any) -> bool:
    return type(estimator).__module__.partition(".")[0] == "sklearn"


def _get_selected(estimator: Any, n_columns: int, rows: Any) -> list[int] | None:
    """Return the positions of the columns that a selector returns; None for other estimators."""
    if _is_from_scikit_learn(estimator) and hasattr(estimator, "get_support"):
        support = np.flatnonzero(estimator.get_support())
        return support.tolist() if len(support) and support[-1] < n_columns else None
    runs_function = callable(getattr(estimator, "func", None))
    if not hasattr(rows, "columns") or not hasattr(estimator, "transform"):
        return None
    if _is_from_scikit_learn(estimator) and not runs_function:
        return None
    try:
        selected = estimator.transform(rows.copy())
    except find_failures():
        return None
    names = list(rows.columns)
    selected_names = list(getattr(selected, "columns", ()))
    is_selection = selected_names and set(selected_names) <= set(names)
    if not is_selection or not selected.equals(rows[selected_names]):
        return None
    return [names.index(name) for name in selected_names]


def _select(rows: Any, positions: Sequence[int]) -> Any:
    if rows is None or getattr(rows, "ndim", 0) != 2:  # noqa: PLR2004 - rows and columns
        return None
    return rows.iloc[:, positions] if hasattr(rows, "iloc") else rows[:, positions]


def mark_unused(columns: Sequence[Column], unused: Iterable[int]) -> tuple[Column, ...]:
    """Return the columns, of which those at some positions are optional and all others required."""
    positions = set(unused)
    return tuple(
        replace(column, required=False, nullable=True, rejects_unknown=False)
        if position in positions
        else replace(column, required=True)
        for position, column in enumerate(columns)
    )
