"""Table rows that become a DataFrame only if an estimator needs one."""

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from predictor.core.row_parser import Array, Values


class LazyFrame:
    """Rows of a table whose DataFrame is built at first use.

    Parameters
    ----------
    values : array of shape (n_samples, n_features), or list of list
        An array, or a list of values for each column.
    build : callable
        Builds the DataFrame of the values.
    """

    def __init__(self, values: Array | Values, build: Callable[[Array | Values], Any]) -> None:
        self.values = values
        self._build = build
        self.shape = (
            values.shape if isinstance(values, np.ndarray) else (len(values[0]), len(values))
        )

    @cached_property
    def dataframe(self) -> Any:
        """The DataFrame."""
        return self._build(self.values)

    def with_values(self, values: Array | Values) -> "LazyFrame":
        """Return a table of the same columns with other rows."""
        return LazyFrame(values, self._build)

    @staticmethod
    def concatenate(parts: Sequence["LazyFrame"]) -> "LazyFrame":
        """Return one table with the rows of several tables of the same columns."""
        values = [part.values for part in parts]
        if all(isinstance(each, np.ndarray) for each in values):
            return parts[0].with_values(np.concatenate(values))
        columns = zip(*values, strict=True)
        return parts[0].with_values([list(chain.from_iterable(column)) for column in columns])


def materialize(X: Any) -> Any:
    """Return the DataFrame of a LazyFrame, and any other X unchanged."""
    return X.dataframe if type(X) is LazyFrame else X


def slice_rows(X: Any, rows: slice) -> Any:
    """Return some rows of an array, a LazyFrame, a DataFrame or a sparse matrix."""
    if isinstance(X, LazyFrame):
        array = X.values if isinstance(X.values, np.ndarray) else None
        return X.with_values(
            array[rows] if array is not None else [values[rows] for values in X.values]
        )
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]
