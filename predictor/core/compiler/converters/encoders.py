"""Convert fitted encoders of categories, and imputers of strings."""

from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.encoders import Filled, Looked

# A string that is no category.
UNKNOWN = "\0 no category"


def looked(estimator: Any) -> Looked:
    """Return the form of an encoder, by asking it for every category."""
    categories = [list(column) for column in estimator.categories_]
    if any(len(column) == 0 for column in categories):
        raise NotCompilable("An encoder of no categories is not compiled.")
    depth = max(map(len, categories))
    asked = np.empty((depth, len(categories)), dtype=object)
    for position, column in enumerate(categories):
        asked[:, position] = [*column, *[column[0]] * (depth - len(column))]
    dtype = np.result_type(*[column.dtype for column in estimator.categories_])
    answers = _dense(estimator.transform(asked.astype(dtype)))
    widths = getattr(estimator, "_n_features_outs", [1] * len(categories))
    ends = np.cumsum(widths)
    parts = np.split(answers, ends[:-1], axis=1)
    rows = [part[: len(column)] for part, column in zip(parts, categories, strict=True)]
    unknown = None
    if estimator.handle_unknown != "error":
        strange = np.empty((1, len(categories)), dtype=object)
        for position, column in enumerate(estimator.categories_):
            strange[0, position] = UNKNOWN if column.dtype.kind in "OUS" else _beyond(column)
        unknown = list(np.split(_dense(estimator.transform(strange))[0], ends[:-1]))
    plain = [[_plain(value) for value in column] for column in categories]
    return Looked(plain, rows, unknown)


def _beyond(column: Array) -> Any:
    numbers = column[~np.isnan(column)] if column.dtype.kind == "f" else column
    return numbers.max() + 1 if len(numbers) else 0.0


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    if value is not None and not isinstance(value, str | bool | int | float):
        raise NotCompilable(f"Categories of {type(value).__name__} are not compiled.")
    return value


def _dense(answers: Any) -> Array:
    return np.asarray(answers.toarray() if hasattr(answers, "toarray") else answers)


def filled(estimator: Any) -> Filled:
    """Return the form of a simple imputer of strings."""
    plain = estimator.missing_values != estimator.missing_values and not estimator.add_indicator
    statistics = [_plain(value) for value in estimator.statistics_]
    if not plain or not all(isinstance(value, str | None) for value in statistics):
        raise NotCompilable("A simple imputer of objects is compiled for strings alone.")
    return Filled(statistics)


COMPILED = {"OneHotEncoder": looked, "OrdinalEncoder": looked}
