"""Builders of X in the container on which an estimator was fitted.

pandas and SciPy are imported only if a model needs them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from predictor.core import times
from predictor.core.coercion import (
    BOOLEAN,
    DATETIME,
    INTEGER,
    NARROW_FLOATS,
    NULLABLE_BOOLEAN,
    NUMBER,
    fits_float64,
)
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
        self.is_lazy = container == FRAME
        self.dtype = _find_common_dtype(columns, promotes=not self.is_lazy)
        self._index: Any = None

    def build_lazily(self, values: Array | Values) -> Any:
        """Return X; a LazyFrame in place of a DataFrame."""
        return LazyFrame(values, self.build) if self.is_lazy else self.build(values)

    def _array(self, values: Array | Values) -> Array:
        if isinstance(values, list):
            dtype = self._get_exact_dtype(values)
            if dtype.kind == "O":
                X = np.empty((len(values[0]), len(values)), dtype=object)
                for position, column in enumerate(self.columns):
                    X[:, position] = _object_array(column, values[position])
                return X
            if dtype.kind != "f":
                return np.array(values, dtype=dtype).T.copy()
            floats = np.array(values, dtype=np.float64).T.copy()
            return _convert_floats(floats, dtype.name, self.names)
        return _convert_floats(values, self.dtype, self.names)

    def _get_exact_dtype(self, values: Values) -> np.dtype[Any]:
        """Return a dtype that holds the values: float64 or object if that of the columns cannot."""
        dtype = np.dtype(self.dtype)
        has_gaps = any(None in column for column in values)
        if has_gaps and dtype.kind in "iu":
            dtype = np.dtype(np.float64)
        is_exact = dtype.kind != "f" or all(map(fits_float64, values))
        return dtype if is_exact and not (has_gaps and dtype.kind in "bU") else np.dtype(object)

    def _sparse(self, values: Array | Values) -> Any:
        import scipy.sparse

        return scipy.sparse.csr_matrix(self._array(values))

    def _vector(self, values: Array | Values) -> Array:
        if isinstance(values, np.ndarray):
            return _convert_floats(values, self.dtype, self.names)[:, 0]
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
        series = map(build_series, self.columns, by_column)
        return pd.DataFrame(dict(zip(self.names, series, strict=True)), copy=False)


def _find_common_dtype(columns: Sequence[Column], *, promotes: bool) -> str:
    """Return the dtype of an array of the columns."""
    dtypes = {column.dtype for column in columns}
    if len(dtypes) == 1:
        return dtypes.pop()
    is_numeric = all(column.kind in (NUMBER, INTEGER) for column in columns)
    if promotes and is_numeric and "object" not in dtypes:
        return str(np.result_type(*dtypes))
    return "object"


def shows_only_in_dataframe(columns: Sequence[Column]) -> bool:
    """Return whether only the DataFrame shows the values of the columns, which it rounds."""
    dtypes = {column.dtype.lower() for column in columns if column.required}
    return not dtypes.isdisjoint(NARROW_FLOATS)


def build_series(column: Column, values: Any) -> Any:
    """Return one column of a DataFrame, with the dtype on which the estimator was fitted."""
    import pandas as pd

    if column.dtype == "category":
        categories = column.dtype_categories or column.categories or ()
        codes = {category: code for code, category in enumerate(categories)}
        # The code of missing and of unknown values is -1.
        return pd.Categorical.from_codes(
            [codes.get(value, -1) for value in values],
            categories=list(categories),
            ordered=column.ordered,
        )
    if column.kind == DATETIME:
        return _time_array(column, values)
    if column.kind == NUMBER and column.dtype.lower().startswith("float"):
        numbers = np.array(values, dtype=np.float64).reshape(-1, 1)
        converted = _convert_floats(numbers, column.dtype.lower(), [column.name])[:, 0]
        return converted if column.dtype.islower() else pd.array(values, dtype=column.dtype)
    if column.dtype == "object":
        # Without a dtype, pandas would make it a column of strings.
        return pd.Series(_object_array(column, values), dtype=object)
    is_nullable = not column.dtype.islower() or column.dtype == NULLABLE_BOOLEAN
    if None in values and column.kind in (INTEGER, BOOLEAN) and not is_nullable:
        # pandas converts NumPy's integers and booleans in the same way if a value is missing.
        is_exact = column.kind == INTEGER and fits_float64(values)
        dtype = "float64" if is_exact else object
        return pd.Series(_object_array(column, values), dtype=dtype)
    # 30 µs faster than a Series.
    return pd.array(values, dtype=pd.api.types.pandas_dtype(column.dtype))


def _time_array(column: Column, counts: Sequence[int | None]) -> Any:
    """Return times as an array of datetime64, in the unit and the time zone of the dtype."""
    import pandas as pd

    unit, zone = times.read_dtype(column.dtype)
    in_utc = np.array(counts, dtype=f"datetime64[{unit}]")  # None becomes NaT
    if not zone:
        return in_utc
    return pd.DatetimeIndex(in_utc).tz_localize("UTC").tz_convert(times.get_zone(zone))


def _object_array(column: Column, values: Sequence[Any]) -> Array:
    """Return values as an array of objects; None becomes the missing value of the column."""
    missing = None if column.missing_as_none else np.nan
    objects = np.empty(len(values), dtype=object)
    objects[:] = [missing if value is None else value for value in values]
    return objects


def _convert_floats(X: Array, dtype: str, names: Sequence[str]) -> Array:
    """Return float64 numbers as another dtype.

    Raises
    ------
    InvalidInput
        A number is too large for the dtype.
    """
    if dtype == "float64":
        return X
    with np.errstate(over="ignore"):
        converted = X.astype(dtype)
    if converted.dtype.kind == "f" and (overflows := np.isinf(converted).any(axis=0)).any():
        invalid = np.array(names)[overflows].tolist()
        bits = 8 * converted.dtype.itemsize
        sentence = f"Expected a number; got a number too large for {bits} bits."
        raise InvalidInput(
            f"Invalid columns: {', '.join(invalid)}.", {name: [sentence] for name in invalid}
        )
    return converted
