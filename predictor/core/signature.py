"""Inputs and outputs of a fitted estimator, and the conversion of requests and responses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from predictor.core import response_values
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput
from predictor.core.input_builders import ARRAY, InputBuilder
from predictor.core.row_parser import RowParser

if TYPE_CHECKING:
    from predictor.core.json_matrix import MatrixParser

__all__ = ["Column", "ParsedRows", "Signature"]


class ParsedRows(NamedTuple):
    """Parsed rows of a request.

    Parameters
    ----------
    X : array, LazyFrame, DataFrame or sparse matrix of shape (n_samples, n_features)
        The rows in the container of the estimator.
    is_single : bool
        Whether the client sent one row as an object, not a list of rows.
    """

    X: Any
    is_single: bool


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs of a fitted estimator.

    Parameters
    ----------
    columns : tuple of Column
        The columns of X, in the order of fitting.
    methods : tuple of str
        The estimator's methods that are served. The first is the default output.
    classes : tuple, optional
        A classifier's labels as plain values, in the order of `predict_proba`; for several
        outputs, a tuple of such tuples.
    container : {"array", "frame", "sparse", "vector"}
        Type of X: an array, a DataFrame, a sparse matrix, a single column.
    n_outputs : int
        Number of values that `predict` returns for a row.
    class_names : mapping of str to str
        Names of classes for pages, by the label as it is in the keys of JSON objects.
    """

    columns: tuple[Column, ...]
    methods: tuple[str, ...]
    classes: tuple[Any, ...] | None = None
    container: str = ARRAY
    n_outputs: int = 1
    class_names: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]

    @property
    def used_columns(self) -> list[Column]:
        """Columns that the model uses."""
        return [column for column in self.columns if column.required]

    @property
    def used_names(self) -> list[str]:
        """Names of the columns that the model uses."""
        return [column.name for column in self.used_columns]

    @property
    def unused_names(self) -> list[str]:
        """Names of the columns that the model does not use."""
        return [column.name for column in self.columns if not column.required]

    @property
    def shared_methods(self) -> tuple[str, ...]:
        """Methods that may be compiled and batched."""
        return tuple(name for name in self.methods if name not in response_values.ESTIMATOR_ONLY)

    @property
    def is_numeric(self) -> bool:
        """Whether every column accepts any finite number."""
        return self._row_parser.is_numeric

    @cached_property
    def _row_parser(self) -> RowParser:
        return RowParser(self.columns)

    @cached_property
    def _matrix_parser(self) -> "MatrixParser":
        # A notebook, which parses no requests, need not have msgspec.
        from predictor.core.json_matrix import MatrixParser  # noqa: PLC0415

        return MatrixParser(self.used_columns)

    @cached_property
    def build(self) -> Callable[[Any], Any]:
        """Function that returns X from an array of numbers, or from a list for each column."""
        return InputBuilder(self.container, self.columns).build_lazily

    def build_example(self) -> Any:
        """Return X with one row of example values."""
        return self.build(self._row_parser.parse([self.get_example()]))

    def get_example(self) -> dict[str, Any]:
        """Return the example values of a row as JSON values, without the optional columns."""
        return {column.name: column.get_example() for column in self.used_columns}

    def build_input(self, values: Sequence[Sequence[Any]]) -> Any:
        """Return X from the values of each column. None is a missing value.

        Times are numbers, see `predictor.core.times.parse_time`.

        Raises
        ------
        InvalidInput
            A number is too large for the dtype of its column.
        """
        if self.is_numeric:
            return self.build(np.array(values, dtype=np.float64).T.copy())
        return self.build(list(map(list, values)))

    def parse_rows(self, data: Any, reread: Callable[[], Any] | None = None) -> ParsedRows:
        """Return X from parsed JSON; see `predictor.core.row_parser.RowParser.parse`."""
        values = self._row_parser.parse(data, reread)
        return ParsedRows(self.build(values), is_single=type(data) is dict)

    def parse_matrix(self, body: bytes) -> ParsedRows | None:
        """Return X from numeric rows in JSON; None if the body is something else.

        The result is the same as that of `parse_rows` for the parsed body, in half the time.
        """
        values = self._matrix_parser.parse(body) if self.is_numeric else None
        if values is None:
            return None
        X = self.build(self._row_parser.insert_placeholders(values))
        return ParsedRows(X, is_single=body.startswith(b"{"))

    def select_outputs(self, outputs: str | None) -> tuple[str, ...]:
        """Return the methods in a list such as `predict,predict_proba`; by default the first.

        Raises
        ------
        InvalidInput
            The model has no such output.
        """
        if outputs is None:
            return self.methods[:1]
        methods = tuple(dict.fromkeys(name.strip() for name in outputs.split(",")))
        if unknown := [name for name in methods if name not in self.methods]:
            sentence = (
                f"The outputs are {', '.join(self.methods)}; got {', '.join(unknown) or 'no name'}."
            )
            raise InvalidInput(sentence, {"outputs": [sentence]})
        return methods

    def encode_response(self, results: Mapping[str, Any], *, is_single: bool) -> dict[str, Any]:
        """Return results as JSON values; see `predictor.core.response_values.encode_response`."""
        return response_values.encode_response(results, self.classes, is_single=is_single)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that `from_json` reads."""
        return {
            "columns": [column.to_json() for column in self.columns],
            "methods": list(self.methods),
            "classes": self.classes and list(self.classes),
            "container": self.container,
            "n_outputs": self.n_outputs,
            "class_names": dict(self.class_names),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the signature that `to_json` wrote."""
        classes = data["classes"]
        return cls(
            columns=tuple(Column.from_json(column) for column in data["columns"]),
            methods=tuple(data["methods"]),
            classes=None if classes is None else tuple(map(_to_hashable, classes)),
            container=data.get("container", ARRAY),
            n_outputs=data.get("n_outputs", 1),
            class_names=dict(data.get("class_names", {})),
        )


def _to_hashable(label: Any) -> Any:
    return tuple(label) if isinstance(label, list) else label
