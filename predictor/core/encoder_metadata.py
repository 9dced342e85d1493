"""Categories and types that the encoders inside a fitted estimator store about its columns."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from predictor.core import sklearn_private, times
from predictor.core.coercion import BOOLEAN, DATETIME, INTEGER, NUMBER, STRING
from predictor.core.errors import ArtifactError

# Attributes in which a meta-estimator stores the fitted estimator that receives its rows.
INNER_ATTRIBUTES = (
    "best_estimator_",
    "estimator_",
    "regressor_",
    "estimators_",
    "calibrated_classifiers_",
    "estimator",
)

# Method of the samplers of imbalanced-learn, which do nothing at prediction.
SAMPLER_METHOD = "fit_resample"


class ColumnHint(NamedTuple):
    """Information of one step about one column; the fields are those of Column."""

    categories: tuple[Any, ...] | None
    rejects_unknown: bool
    kind: str
    dtype: str
    missing_as_none: bool = False


TEXT = ColumnHint(None, rejects_unknown=False, kind=STRING, dtype="object")


def get_innermost(estimator: Any) -> Any:
    """Return the estimator that receives the rows first."""
    while (inner := get_inner(estimator)) is not None:
        estimator = inner
    return estimator


def get_receivers(estimator: Any) -> list[Any]:
    """Return the innermost estimators that receive the rows, such as the parts of a vote."""
    inner = get_inner(estimator)
    if inner is None:
        return [estimator]
    parts = get_all_inner(estimator) or [inner]
    return [receiver for part in parts for receiver in get_receivers(part)]


def takes_text(estimator: Any) -> bool:
    """Return whether each row is a text, because a vectorizer receives the rows first."""
    return hasattr(get_innermost(estimator), "build_analyzer")


def get_inner(estimator: Any) -> Any:
    """Return the first inner estimator that receives the same rows; None if there is none."""
    for attribute in ("steps", "transformer_list"):
        if steps := getattr(estimator, attribute, None):
            fitted = [step for _, step in steps if _transforms(step)]
            return fitted[0] if fitted else None
    return next(iter(get_all_inner(estimator)), None)


def get_all_inner(estimator: Any) -> Sequence[Any]:
    """Return the fitted estimators inside a meta-estimator that receive its rows."""
    inner = (getattr(estimator, attribute, None) for attribute in INNER_ATTRIBUTES)
    for candidate in (sklearn_private.histogram_preprocessor(estimator), *inner):
        is_list = isinstance(candidate, list | tuple | np.ndarray) and len(candidate)
        values = list(candidate) if is_list else [candidate]
        if hasattr(values[0], "fit") or hasattr(values[0], "calibrators"):
            return values
    return []


def _transforms(step: Any) -> bool:
    """Return whether a step of a pipeline is an estimator that runs at prediction."""
    return not (step is None or isinstance(step, str) or hasattr(step, SAMPLER_METHOD))


def get_hints(estimator: Any, n_columns: int) -> dict[int, ColumnHint]:
    """Return the hints of all encoders inside an estimator, by the position of the column."""
    hints: dict[int, ColumnHint] = {}
    for position, hint in _find_hints(estimator, range(n_columns)):
        hints[position] = _merge(hints[position], hint) if position in hints else hint
    return hints


def _merge(first: ColumnHint, second: ColumnHint) -> ColumnHint:
    """Return the hint that follows from two steps: a value must be known to all that reject others.

    Each calibrated classifier, for example, knows the categories of its own part of the data.
    """
    hints = (first, second)
    accepted = [hint.categories or () for hint in hints if hint.rejects_unknown]
    if accepted:
        categories = tuple(value for value in accepted[0] if value in accepted[-1])
    else:
        categories = tuple(dict.fromkeys(v for hint in hints for v in hint.categories or ()))
    return (second if second.categories else first)._replace(
        categories=categories or None,
        rejects_unknown=bool(accepted),
        missing_as_none=first.missing_as_none or second.missing_as_none,
    )


def _find_hints(estimator: Any, positions: Sequence[int]) -> Iterator[tuple[int, ColumnHint]]:
    """Yield positions and hints for the columns that an encoder inside the estimator describes.

    Parameters
    ----------
    estimator : estimator
    positions : sequence of int
        Positions in X of the columns that the estimator receives.
    """
    if hasattr(estimator, "transformers_"):
        yield from _column_transformer_hints(estimator, positions)
    elif hasattr(estimator, "steps") or hasattr(estimator, "transformer_list"):
        yield from _step_hints(estimator, positions)
    elif isinstance(getattr(estimator, "categories_", None), list):
        rejects_unknown = getattr(estimator, "handle_unknown", "") == "error"
        for position, values in zip(positions, estimator.categories_, strict=False):
            yield position, _category_hint(np.asarray(values), rejects_unknown=rejects_unknown)
    elif _imputes_strings(estimator):
        yield from ((position, TEXT) for position in positions)
    else:
        subsets: Iterable[Any] = getattr(estimator, "estimators_features_", None) or repeat(None)
        for inner, subset in zip(get_all_inner(estimator), subsets, strict=False):
            received = positions if subset is None else [positions[n] for n in subset]
            yield from _find_hints(inner, received)


def _imputes_strings(estimator: Any) -> bool:
    """Return whether an imputer fills strings. Constant numbers are objects too."""
    statistics = np.ravel(getattr(estimator, "statistics_", ())).tolist()
    return any(isinstance(value, str) for value in statistics)


def _step_hints(estimator: Any, positions: Sequence[int]) -> Iterator[tuple[int, ColumnHint]]:
    """Yield the hints of a union, or of a pipeline up to the first step that changes columns."""
    missing_as_none = False
    is_union = hasattr(estimator, "transformer_list")
    for _, step in estimator.transformer_list if is_union else estimator.steps:
        if hasattr(step, SAMPLER_METHOD):
            continue
        imputes_none = getattr(step, "missing_values", 0) is None
        missing_as_none = missing_as_none or imputes_none
        for position, hint in _find_hints(step, positions):
            yield position, hint._replace(missing_as_none=hint.missing_as_none or missing_as_none)
        if not is_union and not preserves_columns(step):
            return


def _column_transformer_hints(
    estimator: Any, positions: Sequence[int]
) -> Iterator[tuple[int, ColumnHint]]:
    """Yield the hints of the transformers of a ColumnTransformer."""
    indices = sklearn_private.transformer_columns(estimator)
    for name, transformer, columns in estimator.transformers_:
        if isinstance(transformer, str):
            continue
        transformed = [positions[index] for index in indices.get(name, ())]
        if isinstance(columns, str) and takes_text(transformer):
            yield transformed[0], TEXT
        else:
            yield from _find_hints(transformer, transformed)


def preserves_columns(step: Any) -> bool:
    """Return whether the output columns of a step are its input columns, each from itself alone."""
    if isinstance(step, str):
        return step == "passthrough"
    if getattr(step, "func", step) is None:  # a FunctionTransformer that returns its rows
        return True
    statistics = getattr(step, "statistics_", None)
    return (
        statistics is not None
        and len(statistics) == step.n_features_in_
        and not getattr(step, "add_indicator", False)
    )


def _category_hint(values: Any, *, rejects_unknown: bool) -> ColumnHint:
    """Return the hint that follows from the categories of an encoder."""
    if values.dtype.kind == "M":
        counts = values[~np.isnat(values)].astype(np.int64).tolist()
        return _time_hint(counts, str(values.dtype), rejects_unknown=rejects_unknown)
    present = [value for value in values.tolist() if value is not None and value == value]  # noqa: PLR0124 - not NaN
    types = set(map(type, present))
    if present and all(map(times.is_timestamp, present)):
        counts, dtypes = zip(*map(times.read_timestamp, present), strict=True)
        return _time_hint(counts, dtypes[0], rejects_unknown=rejects_unknown)
    if types == {bool}:
        kind, dtype = BOOLEAN, "bool"
    elif types == {str}:
        kind, dtype = STRING, "object"
    elif types == {int}:
        kind, dtype = INTEGER, str(values.dtype)
    else:
        kind, dtype = NUMBER, str(values.dtype) if values.dtype.kind == "f" else "float64"
    missing_as_none = None in values.tolist()
    return ColumnHint(tuple(present), rejects_unknown, kind, dtype, missing_as_none)


def _time_hint(counts: Sequence[int], dtype: str, *, rejects_unknown: bool) -> ColumnHint:
    try:
        texts = tuple(times.format_time(count, dtype) for count in counts)
    except ValueError as exc:
        raise ArtifactError(f"An encoder has times of dtype {dtype}. {exc}") from exc
    return ColumnHint(texts, rejects_unknown, DATETIME, dtype)
