"""What an estimator takes its rows in: an array, a DataFrame, a sparse matrix, strings.

pandas and SciPy are imported by the models that need them, and by no others.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput
from predictor.core.row_parser import Values

Array = npt.NDArray[Any]

CONTAINERS = ARRAY, FRAME, SPARSE, VECTOR = "array", "frame", "sparse", "vector"


class Frame:
    """Rows of a table, made into a DataFrame only where one is asked for.

    Parameters
    ----------
    values : array of shape (n_samples, n_features), or list of a list for each column
    fill : callable
        Makes the DataFrame.
    """

    def __init__(self, values: Array | Values, fill: Callable[[Array | Values], Any]) -> None:
        self.values = values
        self._fill = fill
        self.shape = (
            values.shape if isinstance(values, np.ndarray) else (len(values[0]), len(values))
        )

    @cached_property
    def dataframe(self) -> Any:
        """The DataFrame."""
        return self._fill(self.values)

    def of(self, values: Array | Values) -> "Frame":
        """Return a table of the same columns with other rows."""
        return Frame(values, self._fill)

    @staticmethod
    def stacked(parts: Sequence["Frame"]) -> "Frame":
        """Return the rows of several tables of the same columns as those of one."""
        values = [part.values for part in parts]
        if all(isinstance(each, np.ndarray) for each in values):
            return parts[0].of(np.concatenate(values))
        columns = zip(*values, strict=True)
        return parts[0].of([list(chain.from_iterable(column)) for column in columns])


def unwrapped(X: Any) -> Any:
    """Return rows as an estimator takes them."""
    return X.dataframe if type(X) is Frame else X


class Container:
    """Makes X out of rows of the same columns.

    Parameters
    ----------
    kind : {"array", "frame", "sparse", "vector"}
        "vector" is one column as an array of one dimension: what a text vectorizer takes.
    columns : sequence of Column
    """

    def __init__(self, kind: str, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.names = [column.name for column in columns]
        self.fill = {ARRAY: self._array, FRAME: self._frame, SPARSE: self._sparse}.get(
            kind, self._vector
        )
        dtypes = {column.dtype for column in columns}
        self.dtype = dtypes.pop() if len(dtypes) == 1 else "object"
        self._index: Any = None
        # What becomes of a value, or whether it fits at all, only the DataFrame says of these.
        at_once = {column.dtype for column in columns} & {"float32", "category"}
        self.later = kind == FRAME and not at_once

    def lazily(self, rows: Array | Values) -> Any:
        """Return X, or a table that becomes X when it is asked for."""
        return Frame(rows, self.fill) if self.later else self.fill(rows)

    def _array(self, rows: Array | Values) -> Array:
        if self.dtype == "float64" and isinstance(rows, np.ndarray):
            return rows
        if isinstance(rows, list):
            if self.dtype == "object":
                X = np.empty((len(rows[0]), len(rows)), dtype=object)
                for position, (column, values) in enumerate(zip(self.columns, rows, strict=True)):
                    X[:, position] = _with_missing(column, values)
                return X
            rows = np.array(rows).T
        if self.dtype == "float32":
            return _single(rows, self.names)
        return rows.astype(self.dtype)

    def _sparse(self, rows: Array | Values) -> Any:
        import scipy.sparse

        return scipy.sparse.csr_matrix(self._array(rows))

    def _vector(self, rows: Array | Values) -> Array:
        if isinstance(rows, np.ndarray):
            return rows[:, 0].astype(self.dtype)
        vector = np.empty(len(rows[0]), dtype=object)
        vector[:] = rows[0]
        return vector if self.dtype in ("object", "str") else vector.astype(self.dtype)

    def _frame(self, rows: Array | Values) -> Any:
        import pandas as pd

        if self._index is None:
            self._index = pd.Index(self.names)
        if isinstance(rows, np.ndarray) and self.dtype == "float64":
            return pd.DataFrame(rows, columns=self._index, copy=False)
        series = [
            _series(column, values)
            for column, values in zip(
                self.columns, rows.T if isinstance(rows, np.ndarray) else rows, strict=True
            )
        ]
        return pd.DataFrame(dict(zip(self.names, series, strict=True)), copy=False)


def _series(column: Column, values: Any) -> Any:
    """Return one column of a DataFrame, of the dtype of fitting."""
    import pandas as pd

    if column.dtype == "category":
        return pd.Categorical(values, categories=list(column.categories or ()))
    if column.kind == NUMBER and column.dtype.startswith("float"):
        numbers = np.array(values, dtype=np.float64)
        if column.dtype == "float32":
            return _single(numbers.reshape(-1, 1), [column.name])[:, 0]
        return numbers
    if column.dtype == "object":
        return pd.Series(_with_missing(column, values), dtype=object)  # else pandas makes it str
    if None in values and column.kind in (INTEGER, BOOLEAN) and column.dtype.islower():
        # As pandas itself does where NumPy's integers and booleans have a gap.
        dtype = "float64" if column.kind == INTEGER else object
        return pd.Series(_with_missing(column, values), dtype=dtype)
    return pd.array(values, dtype=pd.api.types.pandas_dtype(column.dtype))  # 30 µs less than Series


def _with_missing(column: Column, values: Sequence[Any]) -> Array:
    """Return values as an array of objects, with what the column has where one is missing."""
    missing = None if column.missing_as_none else np.nan
    objects = np.empty(len(values), dtype=object)
    objects[:] = [missing if value is None else value for value in values]
    return objects


def _single(X: Array, names: Sequence[str]) -> Array:
    """Return float32, if no number is too large for it."""
    with np.errstate(over="ignore"):
        single = X.astype(np.float32)
    over = np.isinf(single).any(axis=0)
    if over.any():
        wrong = np.array(names)[over].tolist()
        sentence = "Expected a number; got a number too large for 32 bits."
        raise InvalidInput(
            f"Columns that cannot be taken: {', '.join(wrong)}.",
            {name: [sentence] for name in wrong},
        )
    return single
