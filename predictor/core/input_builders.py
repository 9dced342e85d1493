"""Builders of X in the container on which an estimator was fitted.

pandas and SciPy are imported only if a model needs them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import LazyFrame
from predictor.core.row_parser import Array, Values

# An array, a DataFrame, a sparse matrix, or one column as a one-dimensional array.
CONTAINERS = ARRAY, FRAME, SPARSE, VECTOR = "array", "frame", "sparse", "vector"


class InputBuilder:
    """Builder of X from rows of the same columns.

    Parameters
    ----------
    container : {"array", "frame", "sparse", "vector"}
        "vector" is one column as a one-dimensional array, for example for a text vectorizer.
    columns : sequence of Column
    """

    def __init__(self, container: str, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.names = [column.name for column in columns]
        self.build = {ARRAY: self._array, FRAME: self._frame, SPARSE: self._sparse}.get(
            container, self._vector
        )
        dtypes = {column.dtype for column in columns}
        self.dtype = dtypes.pop() if len(dtypes) == 1 else "object"
        self._index: Any = None
        self.is_lazy = container == FRAME

    def build_lazily(self, values: Array | Values) -> Any:
        """Return X; a LazyFrame in place of a DataFrame."""
        return LazyFrame(values, self.build) if self.is_lazy else self.build(values)

    def _array(self, values: Array | Values) -> Array:
        if self.dtype == "float64" and isinstance(values, np.ndarray):
            return values
        if isinstance(values, list):
            if self.dtype == "object":
                X = np.empty((len(values[0]), len(values)), dtype=object)
                for position, column in enumerate(self.columns):
                    X[:, position] = _object_array(column, values[position])
                return X
            values = np.array(values).T
        if self.dtype == "float32":
            return _to_float32(values, self.names)
        return values.astype(self.dtype)

    def _sparse(self, values: Array | Values) -> Any:
        import scipy.sparse

        return scipy.sparse.csr_matrix(self._array(values))

    def _vector(self, values: Array | Values) -> Array:
        if isinstance(values, np.ndarray):
            return values[:, 0].astype(self.dtype)
        vector = np.empty(len(values[0]), dtype=object)
        vector[:] = values[0]
        return vector if self.dtype in ("object", "str") else vector.astype(self.dtype)

    def _frame(self, values: Array | Values) -> Any:
        import pandas as pd

        if self._index is None:
            self._index = pd.Index(self.names)
        if isinstance(values, np.ndarray) and self.dtype == "float64":
            return pd.DataFrame(values, columns=self._index, copy=False)
        by_column = values.T if isinstance(values, np.ndarray) else values
        series = map(_build_series, self.columns, by_column)
        return pd.DataFrame(dict(zip(self.names, series, strict=True)), copy=False)


def shows_only_in_dataframe(columns: Sequence[Column]) -> bool:
    """Return whether only the DataFrame shows the values of the columns: rounded, or categories."""
    return not {"float32", "category"}.isdisjoint(column.dtype for column in columns)


def _build_series(column: Column, values: Any) -> Any:
    """Return one column of a DataFrame, with the dtype on which the estimator was fitted."""
    import pandas as pd

    if column.dtype == "category":
        return pd.Categorical(values, categories=list(column.categories or ()))
    if column.kind == NUMBER and column.dtype.startswith("float"):
        numbers = np.array(values, dtype=np.float64)
        if column.dtype == "float32":
            return _to_float32(numbers.reshape(-1, 1), [column.name])[:, 0]
        return numbers
    if column.dtype == "object":
        # Without a dtype, pandas would make it a column of strings.
        return pd.Series(_object_array(column, values), dtype=object)
    if None in values and column.kind in (INTEGER, BOOLEAN) and column.dtype.islower():
        # pandas converts NumPy's integers and booleans in the same way if a value is missing.
        dtype = "float64" if column.kind == INTEGER else object
        return pd.Series(_object_array(column, values), dtype=dtype)
    # 30 µs faster than a Series.
    return pd.array(values, dtype=pd.api.types.pandas_dtype(column.dtype))


def _object_array(column: Column, values: Sequence[Any]) -> Array:
    """Return values as an array of objects; None becomes the missing value of the column."""
    missing = None if column.missing_as_none else np.nan
    objects = np.empty(len(values), dtype=object)
    objects[:] = [missing if value is None else value for value in values]
    return objects


def _to_float32(X: Array, names: Sequence[str]) -> Array:
    """Return X as float32.

    Raises
    ------
    InvalidInput
        A number is too large for float32.
    """
    with np.errstate(over="ignore"):
        converted = X.astype(np.float32)
    overflows = np.isinf(converted).any(axis=0)
    if overflows.any():
        invalid = np.array(names)[overflows].tolist()
        sentence = "Expected a number; got a number too large for 32 bits."
        raise InvalidInput(
            f"Invalid columns: {', '.join(invalid)}.", {name: [sentence] for name in invalid}
        )
    return converted
