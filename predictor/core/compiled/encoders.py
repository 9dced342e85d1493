"""Encoders of categories: every value looked up in what the encoder itself made of it."""

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
    values,
)

# Stands for a missing value, which is no key: it does not equal itself.
MISSING = object()

# Where a value is found that is no category.
NOWHERE = -1


@dataclass
class Looked(CompiledEstimator):
    """What an encoder makes of each category of each column.

    Parameters
    ----------
    categories : list of list
        Of each column; NaN stands for a missing value.
    rows : list of array of shape (n_categories, n_out)
        What each category becomes.
    unknown : list of array of shape (n_out,), optional
        What any other value becomes; without it such rows are declined.
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

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
        """Return the encoded rows, dense."""
        blocks = []
        columns = values(X)
        if len(columns) != len(self.tables):
            raise FallbackRequired
        if type(X) is Table:
            arrays = (column for column in X.columns if type(column) is not list)
            numbers = [column for column in arrays if column.dtype.kind == "f"]
        else:
            numbers = [X] if X.dtype.kind == "f" else []
        if any(np.isinf(column).any() for column in numbers):
            raise FallbackRequired
        for column, positions, table in zip(columns, self.positions, self.tables, strict=True):
            beyond = NOWHERE if self.unknown is None else len(positions)
            found = [positions.get(_key(value), beyond) for value in column]
            if NOWHERE in found:
                raise FallbackRequired
            blocks.append(table[found])
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)


@dataclass
class Filled(CompiledEstimator):
    """Missing strings filled in.

    Parameters
    ----------
    statistics : list
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    statistics: list[Any]

    def transform(self, X: Any) -> Table:
        """Return the columns without gaps."""
        pairs = zip(values(X), self.statistics, strict=True)
        return Table(
            [
                [statistic if value != value else value for value in column]  # noqa: PLR0124 - NaN
                for column, statistic in pairs
            ]
        )


def _key(value: Any) -> Any:
    return MISSING if value != value else value  # noqa: PLR0124 - NaN
