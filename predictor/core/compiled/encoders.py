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
    NotCompilable,
    Table,
    values,
)

# Stands for a missing value, which is no key: it does not equal itself.
MISSING = object()

# Where a value is found that is no category.
NOWHERE = -1

# A string that is no category.
UNKNOWN = "\0 no category"


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
