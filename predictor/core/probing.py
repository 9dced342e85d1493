"""What a fitted estimator shows only when it is run: what may be missing, how much comes out."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from predictor.core.coercion import BOOLEAN
from predictor.core.columns import Column
from predictor.core.input_builders import SPARSE, VECTOR, Container
from predictor.core.row_parser import Reader

# With more columns than these, only whether all of them may be missing is tried.
MOST_COLUMNS = 200

# How estimators refuse rows.
REFUSALS = (
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    NotImplementedError,
)


def nullable(run: Callable[[Any], Any], kind: str, columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns, marked where the estimator takes a missing value.

    Parameters
    ----------
    run : callable
        The estimator's first method.
    kind : str
        The container that it takes.
    columns : sequence of Column
    """
    if kind in (SPARSE, VECTOR) or not _takes(run, kind, columns, ()):
        return tuple(columns)
    able = [
        position
        for position, column in enumerate(columns)
        if column.kind != BOOLEAN or column.dtype == "object"
    ]
    if not _takes(run, kind, columns, able):
        few = able if len(columns) <= MOST_COLUMNS else []
        able = [position for position in few if _takes(run, kind, columns, [position])]
        if able and not _takes(run, kind, columns, able):
            able = []
    return tuple(
        replace(column, nullable=position in able) for position, column in enumerate(columns)
    )


def n_outputs(run: Callable[[Any], Any], kind: str, columns: Sequence[Column]) -> int:
    """Return how many outputs `predict` gives for one row."""
    predicted = _run(run, kind, columns, ())
    shape = np.shape(predicted)
    return shape[1] if len(shape) == 2 else 1  # noqa: PLR2004 - rows and outputs


def _takes(
    run: Callable[[Any], Any], kind: str, columns: Sequence[Column], missing: Sequence[int]
) -> bool:
    return _run(run, kind, columns, missing) is not None


def _run(
    run: Callable[[Any], Any], kind: str, columns: Sequence[Column], missing: Sequence[int]
) -> Any:
    """Return what a row of examples gives, with some values missing; None if it is refused."""
    tried = [replace(column, nullable=True) for column in columns]
    row = {
        column.name: None if position in missing else column.blank()
        for position, column in enumerate(columns)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return run(Container(kind, tried).fill(Reader(tried).read([row]).rows))
        except REFUSALS:
            return None
