"""What a fitted estimator takes and gives, drawn from itself and from rows of X."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np

from predictor.core import introspection, probing, response_values, sample_data
from predictor.core.columns import Column
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.input_builders import ARRAY, FRAME, Container
from predictor.core.json_matrix import Blocks
from predictor.core.row_parser import Reader

__all__ = ["Column", "Rows", "Signature"]


class Rows(NamedTuple):
    """What was sent: X as the estimator takes it, and whether it was one row alone."""

    X: Any
    is_single: bool


@dataclass(frozen=True)
class Signature:
    """What a fitted estimator takes and gives.

    Parameters
    ----------
    columns : tuple of Column
        The columns of X, in the order of fitting.
    methods : tuple of str
        The estimator's methods that are served; the first runs when none is named.
    classes : tuple, optional
        A classifier's labels as plain values, in the order of `predict_proba`; for several
        outputs, a tuple of those.
    container : {"array", "frame", "sparse", "vector"}
        What X is: an array, a DataFrame, a sparse matrix, one column alone.
    n_outputs : int
        How many values `predict` gives for a row.
    """

    columns: tuple[Column, ...]
    methods: tuple[str, ...]
    classes: tuple[Any, ...] | None = None
    container: str = ARRAY
    n_outputs: int = 1

    @classmethod
    def of(
        cls, estimator: Any, columns: Sequence[Column] | None = None, sample: Any = None
    ) -> Self:
        """Return the signature of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
        columns : sequence of Column, optional
            Names and descriptions for the columns, in the order of fitting.
        sample : DataFrame, array, sparse matrix or list of str, optional
            Rows of X as the estimator takes them: they add dtypes, ranges and an example.

        Raises
        ------
        ArtifactError
            The estimator has no method that is served, does not take rows of columns, or takes
            others than those given.
        """
        methods = introspection.methods(estimator)
        if not methods:
            raise ArtifactError(
                f"{type(estimator).__name__} has none of the methods that are served: "
                f"{', '.join(response_values.METHODS)}."
            )
        found = introspection.columns(estimator, _count(columns, sample))
        container = introspection.container(estimator)
        if sample is not None:
            stated = found
            container, found = sample_data.refined(found, sample)
            if hasattr(estimator, "served_columns_"):  # it says itself what it takes
                container = introspection.container(estimator)
                found = tuple(map(_as_stated, found, stated))
        run = getattr(estimator, methods[0])
        found = probing.nullable(run, container, found)
        if len({column.name for column in found}) < len(found):
            raise ArtifactError("Two columns of the model have the same name.")
        predicts = methods[0] == "predict"
        return cls(
            columns=_named(found, columns, container),
            methods=methods,
            classes=introspection.classes(estimator),
            container=container,
            n_outputs=probing.n_outputs(run, container, found) if predicts else 1,
        )

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.columns)

    @cached_property
    def _blocks(self) -> Blocks:
        return Blocks(self.columns)

    @cached_property
    def _fill(self) -> Callable[[Any], Any]:
        return Container(self.container, self.columns).lazily

    def example_rows(self) -> Any:
        """Return one row of examples as X; of the plainest values there are where none is known."""
        row = {column.name: column.blank() for column in self.columns}
        return self._fill(self._reader.read([row]).rows)

    def filled(self, values: Sequence[Sequence[Any]]) -> Any:
        """Return X out of the values of each column; None is a missing one.

        Raises
        ------
        InvalidInput
            A number is too large for its column.
        """
        numeric = all(column.plain for column in self.columns)
        rows = np.array(values, dtype=np.float64).T.copy() if numeric else list(map(list, values))
        return self._fill(rows)

    def rows(self, data: Any, reread: Callable[[], Any] | None = None) -> Rows:
        """Return rows out of JSON as X; see `predictor.core.row_parser.Reader.read`."""
        sent = self._reader.read(data, reread)
        return Rows(self._fill(sent.rows), sent.is_single)

    def block(self, body: bytes) -> Rows | None:
        """Return a list of rows of numbers, in JSON, as X; None where it is anything else.

        What it returns is what `rows` does of the parsed body, in half the time.
        """
        values = self._blocks.read(body)
        return None if values is None else Rows(self._fill(values), is_single=False)

    def chosen(self, outputs: str | None) -> tuple[str, ...]:
        """Return the methods named in `predict,predict_proba`, or the first one.

        Raises
        ------
        InvalidInput
            A method that this model has not.
        """
        if outputs is None:
            return self.methods[:1]
        chosen = tuple(dict.fromkeys(name.strip() for name in outputs.split(",")))
        if unknown := [name for name in chosen if name not in self.methods]:
            sentence = f"The outputs are {', '.join(self.methods)}; got {', '.join(unknown)}."
            raise InvalidInput(sentence, {"outputs": [sentence]})
        return chosen

    def answer(self, results: Mapping[str, Any], *, is_single: bool) -> dict[str, Any]:
        """Return results as plain values; see `predictor.core.response_values.answer`."""
        return response_values.answer(results, self.classes, is_single=is_single)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads."""
        return {
            "columns": [column.to_json() for column in self.columns],
            "methods": list(self.methods),
            "classes": self.classes and list(self.classes),
            "container": self.container,
            "n_outputs": self.n_outputs,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the signature that `to_json` wrote."""
        classes = data["classes"]
        return cls(
            columns=tuple(Column.from_json(column) for column in data["columns"]),
            methods=tuple(data["methods"]),
            classes=None if classes is None else tuple(map(_frozen, classes)),
            container=data.get("container", ARRAY),
            n_outputs=data.get("n_outputs", 1),
        )


def _count(columns: Sequence[Column] | None, sample: Any) -> int | None:
    if columns is not None:
        return len(columns)
    shape: tuple[int, ...] = getattr(sample, "shape", ())
    return shape[1] if len(shape) > 1 else None


def _as_stated(seen: Column, stated: Column) -> Column:
    return replace(seen, dtype=stated.dtype, kind=stated.kind)


def _named(
    found: Sequence[Column], given: Sequence[Column] | None, container: str
) -> tuple[Column, ...]:
    """Return the columns that were found under the names and descriptions that were given."""
    if given is None:
        return tuple(found)
    if len(given) != len(found):
        raise ArtifactError(f"{len(given)} columns are described; the model takes {len(found)}.")
    if container == FRAME and [c.name for c in given] != [c.name for c in found]:
        raise ArtifactError(
            f"The model takes the columns {', '.join(column.name for column in found)}: it was "
            "fitted on a table, whose names cannot be changed."
        )
    return tuple(
        replace(column, name=name.name, description=name.description)
        for column, name in zip(found, given, strict=True)
    )


def _frozen(label: Any) -> Any:
    return tuple(label) if isinstance(label, list) else label
