"""What the encoders inside a fitted estimator know of its columns."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from predictor.core import sklearn_private
from predictor.core.coercion import BOOLEAN, NUMBER, STRING

# Where a meta-estimator keeps the fitted estimator that sees its rows.
INNER = (
    "best_estimator_",
    "estimator_",
    "estimators_",
    "calibrated_classifiers_",
    "estimator",
)


class Hint(NamedTuple):
    """What a step knows of one column."""

    categories: tuple[Any, ...] | None
    closed: bool
    kind: str
    dtype: str
    missing_as_none: bool = False


TEXT = Hint(None, closed=False, kind=STRING, dtype="object")


def innermost(estimator: Any) -> Any:
    """Return the estimator that sees the rows first."""
    seen = estimator
    while True:
        inner = inside(seen)
        if inner is None:
            return seen
        seen = inner


def reads_text(estimator: Any) -> bool:
    """Return whether the rows are texts: a vectorizer sees them first."""
    return hasattr(innermost(estimator), "build_analyzer")


def inside(estimator: Any) -> Any:
    """Return the estimator inside that sees the same rows; None if there is none."""
    for steps in ("steps", "transformer_list"):
        if listed := getattr(estimator, steps, None):
            kept = [step for _, step in listed if not isinstance(step, str) and step is not None]
            return kept[0] if kept else None
    inner = (getattr(estimator, name, None) for name in INNER)
    for candidate in (sklearn_private.histogram_preprocessor(estimator), *inner):
        is_list = isinstance(candidate, list | tuple | np.ndarray) and len(candidate)
        value = candidate[0] if is_list else candidate
        if hasattr(value, "fit") or hasattr(value, "calibrators"):
            return value
    return None


def hints(
    estimator: Any, positions: Sequence[int], names: Sequence[str]
) -> Iterator[tuple[int, Hint]]:
    """Yield what is known of the columns at these positions, from whoever encodes them first."""
    if hasattr(estimator, "transformers_"):
        yield from _column_hints(estimator, positions, names)
    elif hasattr(estimator, "steps"):
        yield from _step_hints(estimator, positions, names)
    elif isinstance(getattr(estimator, "categories_", None), list):
        closed = getattr(estimator, "handle_unknown", "") == "error"
        for position, values in zip(positions, estimator.categories_, strict=False):
            yield position, _encoded(np.asarray(values), closed=closed)
    elif np.asarray(getattr(estimator, "statistics_", 0)).dtype.kind in "OU":  # imputed strings
        yield from ((position, TEXT) for position in positions)
    elif (inner := inside(estimator)) is not None:
        yield from hints(inner, positions, names)


def _step_hints(
    pipeline: Any, positions: Sequence[int], names: Sequence[str]
) -> Iterator[tuple[int, Hint]]:
    """Yield what the steps of a pipeline know, as long as they hand on the same columns."""
    missing_as_none = False
    for _, step in pipeline.steps:
        missing_as_none = (
            missing_as_none or getattr(step, "missing_values", 0) is None
        )  # an imputer of None, not NaN
        for position, hint in hints(step, positions, names):
            yield position, hint._replace(missing_as_none=hint.missing_as_none or missing_as_none)
        if not _keeps_columns(step):
            return


def _column_hints(
    estimator: Any, positions: Sequence[int], names: Sequence[str]
) -> Iterator[tuple[int, Hint]]:
    """Yield what the transformers of a column transformer know of their columns."""
    indices = sklearn_private.transformer_columns(estimator)
    for name, transformer, chosen in estimator.transformers_:
        if isinstance(transformer, str):
            continue
        theirs = [positions[index] for index in indices.get(name, ())]
        if isinstance(chosen, str) and reads_text(transformer):
            yield theirs[0], TEXT
        else:
            yield from hints(transformer, theirs, names)


def _keeps_columns(step: Any) -> bool:
    """Return whether a step hands on the very columns that it took."""
    if isinstance(step, str):
        return step == "passthrough"
    statistics = getattr(step, "statistics_", None)
    return (
        statistics is not None
        and len(statistics) == step.n_features_in_
        and not getattr(step, "add_indicator", False)
    )


def _encoded(values: Any, *, closed: bool) -> Hint:
    """Return what an encoder's categories say of their column."""
    present = [value for value in values.tolist() if value is not None and value == value]  # noqa: PLR0124 - not NaN
    if values.dtype.kind == "b" or all(isinstance(value, bool) for value in present):
        kind, dtype = BOOLEAN, "bool"
    elif all(isinstance(value, str) for value in present):
        kind, dtype = STRING, "object"
    else:
        kind, dtype = NUMBER, "float64"
    return Hint(tuple(present), closed, kind, dtype, missing_as_none=None in values.tolist())
