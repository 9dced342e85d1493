"""The columns a model takes and the outputs it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from predictor.core import answers, rows
from predictor.core.errors import InvalidInput

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Column:
    """One column of X.

    Parameters
    ----------
    name : str
    description : str
        What it means, with its unit.
    dtype : str
        The NumPy dtype that the estimator was fitted on.
    required : bool
        Whether a row without it is refused.
    nullable : bool
        Whether missing values are taken.
    range : pair of float, optional
        The least and the greatest value seen in a sample.
    example : float, optional
        A value seen in a sample.
    """

    name: str
    description: str = ""
    dtype: str = "float64"
    required: bool = True
    nullable: bool = False
    range: tuple[float, float] | None = None
    example: float | None = None


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
        A classifier's labels as plain values, in the order of `predict_proba`.
    """

    columns: tuple[Column, ...]
    methods: tuple[str, ...]
    classes: tuple[Any, ...] | None = None

    @classmethod
    def of(cls, estimator: Any, columns: Sequence[Column]) -> Self:
        """Return the signature of a fitted estimator whose columns are these."""
        classes = getattr(estimator, "classes_", None)
        return cls(
            columns=tuple(columns),
            methods=tuple(method for method in answers.METHODS if hasattr(estimator, method)),
            classes=None if classes is None else tuple(np.asarray(classes).tolist()),
        )

    def refined(self, sample: Array) -> Self:
        """Return this signature with ranges and examples from rows of X.

        Parameters
        ----------
        sample : array of shape (n_samples, n_features)
        """
        columns = tuple(
            replace(
                column,
                range=(float(values.min()), float(values.max())),
                example=float(values[0]),
            )
            for column, values in zip(self.columns, sample.T, strict=True)
        )
        return replace(self, columns=columns)

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    def example_rows(self) -> Array:
        """Return one row of examples, or of zeros; shape (1, n_features)."""
        return np.array([[column.example or 0.0 for column in self.columns]])

    def rows(self, data: Any, reread: Callable[[], Any] | None = None) -> rows.Rows:
        """Return rows out of JSON as an array; see `predictor.core.rows.read`."""
        return rows.read(self.names, data, reread)

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

    def answer(self, results: Mapping[str, Array], *, alone: bool) -> dict[str, Any]:
        """Return results as plain values; see `predictor.core.answers.answer`."""
        return answers.answer(results, self.classes, alone=alone)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the signature that `to_json` wrote."""
        columns = [
            Column(**{**column, "range": column["range"] and tuple(column["range"])})
            for column in data["columns"]
        ]
        classes = data["classes"]
        return cls(
            columns=tuple(columns),
            methods=tuple(data["methods"]),
            classes=None if classes is None else tuple(classes),
        )
