"""Convert fitted encoders of categories, and imputers of strings."""

from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.encoders import CategoryEncoder, StringImputer
from predictor.core.compiler.converters.dispatch import CONVERTERS
from predictor.core.response_values import to_dense

# A string that is not a category.
UNKNOWN = "\0 no category"


def _encoder(estimator: Any) -> CategoryEncoder:
    categories = [list(column) for column in estimator.categories_]
    if any(len(column) == 0 for column in categories):
        raise NotCompilable("An encoder without categories is not compiled.")
    n_rows = max(map(len, categories))
    X = np.empty((n_rows, len(categories)), dtype=object)
    for position, column in enumerate(categories):
        X[:, position] = [*column, *[column[0]] * (n_rows - len(column))]
    dtypes = {column.dtype for column in estimator.categories_}
    # Another common dtype could round integers, and confuse two categories.
    encoded = to_dense(estimator.transform(X.astype(dtypes.pop()) if len(dtypes) == 1 else X))
    ends = np.cumsum(sklearn_private.encoded_widths(estimator))[:-1]
    blocks = np.split(encoded, ends, axis=1)
    rows = [block[: len(column)] for block, column in zip(blocks, categories, strict=True)]
    unknown = None
    if estimator.handle_unknown != "error":
        row = np.empty((1, len(categories)), dtype=object)
        row[0] = [_unknown_value(column) for column in estimator.categories_]
        unknown = list(np.split(to_dense(estimator.transform(row))[0], ends))
    plain = [[plain_value(value) for value in column] for column in categories]
    return CategoryEncoder(plain, rows, unknown)


def _unknown_value(column: Array) -> Any:
    """Return a value that is not among the categories."""
    if column.dtype.kind in "OUS":
        return UNKNOWN
    numbers = column[~np.isnan(column)] if column.dtype.kind == "f" else column
    return numbers.max().item() + 1 if len(numbers) else 0.0


def plain_value(value: Any) -> Any:
    """Return a category or statistic as a Python object that JSON can hold."""
    value = value.item() if isinstance(value, np.generic) else value
    if value is not None and not isinstance(value, str | bool | int | float):
        raise NotCompilable(f"Categories of {type(value).__name__} are not compiled.")
    return value


def convert_string_imputer(estimator: Any) -> StringImputer:
    """Convert a simple imputer of strings."""
    is_nan = estimator.missing_values != estimator.missing_values
    statistics = [plain_value(value) for value in estimator.statistics_]
    is_string = all(isinstance(value, str | None) for value in statistics)
    if not is_nan or estimator.add_indicator or not is_string:
        raise NotCompilable("A simple imputer of objects is compiled for strings only.")
    return StringImputer(statistics)


CONVERTERS.update({"OneHotEncoder": _encoder, "OrdinalEncoder": _encoder})
