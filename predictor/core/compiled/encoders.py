"""Encoders of categories, as tables of the encoded value of each category."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    ANY,
    VALUES,
    Array,
    CompiledEstimator,
    FallbackRequired,
    Table,
    column_lists,
)

# Dictionary key of missing values: NaN does not equal itself.
MISSING = object()

# Position of an unknown category that the encoder rejects.
REJECTED = -1


@dataclass
class CategoryEncoder(CompiledEstimator):
    """Encoded values of each category of each column.

    Parameters
    ----------
    categories : list of list
        Categories of each column; NaN is a missing value.
    rows : list of array of shape (n_categories, n_out)
        Encoded value of each category.
    unknown : list of array of shape (n_out,), optional
        Encoded value of other categories; without it they are left to the estimator.
    """

    reads: ClassVar[str] = VALUES
    accepts: ClassVar[str] = ANY

    categories: list[list[Any]]
    rows: list[Array]
    unknown: list[Array] | None = None

    def __post_init__(self) -> None:
        self.positions = [
            {_key(category): position for position, category in enumerate(categories)}
            for categories in self.categories
        ]
        self.tables = self.rows
        if self.unknown is not None:
            pairs = zip(self.rows, self.unknown, strict=True)
            self.tables = [np.vstack([rows, unknown]) for rows, unknown in pairs]

    def transform(self, X: Any) -> Array:
        """Return the encoded rows as a dense array.

        Raises
        ------
        FallbackRequired
            The number of columns is wrong, a number is infinite, or a category is unknown to an
            encoder that rejects it.
        """
        columns = column_lists(X)
        if len(columns) != len(self.tables) or _has_infinity(X):
            raise FallbackRequired
        blocks = []
        for column, positions, table in zip(columns, self.positions, self.tables, strict=True):
            default = REJECTED if self.unknown is None else len(positions)
            indices = [positions.get(_key(value), default) for value in column]
            if REJECTED in indices:
                raise FallbackRequired
            blocks.append(table[indices])
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)


@dataclass
class CategoryNumbers(CompiledEstimator):
    """Numbers in place of the categories of some columns; unknown categories become NaN.

    Parameters
    ----------
    positions : list of int
        Columns of categories.
    categories : list of list
        Categories of each of these columns, in the order of their numbers.
    """

    reads: ClassVar[str] = VALUES
    accepts: ClassVar[str] = ANY

    positions: list[int]
    categories: list[list[Any]]

    def __post_init__(self) -> None:
        self.numbers = [
            {category: number for number, category in enumerate(categories)}
            for categories in self.categories
        ]

    def transform(self, X: Any) -> Array:
        """Return rows of numbers.

        Raises
        ------
        FallbackRequired
            The number of columns is wrong, or another column has a value that is not a number.
        """
        columns = list(X.columns if type(X) is Table else X.T)
        if len(columns) <= max(self.positions):
            raise FallbackRequired
        for position, numbers in zip(self.positions, self.numbers, strict=True):
            columns[position] = [numbers.get(value, np.nan) for value in columns[position]]
        return Table(columns).numbers()


@dataclass
class StringImputer(CompiledEstimator):
    """Missing strings replaced by a statistic of their column.

    Parameters
    ----------
    statistics : list
    """

    reads: ClassVar[str] = VALUES
    accepts: ClassVar[str] = ANY

    statistics: list[Any]

    def transform(self, X: Any) -> Table:
        """Return the columns without missing values."""
        pairs = zip(column_lists(X), self.statistics, strict=True)
        return Table(
            [
                [statistic if value != value else value for value in column]  # noqa: PLR0124 - NaN
                for column, statistic in pairs
            ]
        )


def _key(value: Any) -> Any:
    return MISSING if value != value else value  # noqa: PLR0124 - NaN


def _has_infinity(X: Any) -> bool:
    arrays = [c for c in X.columns if type(c) is not list] if type(X) is Table else [X]
    return any(array.dtype.kind == "f" and np.isinf(array).any() for array in arrays)
