"""What a compiled form is: an estimator's fitted arrays, and its methods without their checks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from math import isfinite
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# What a form reads: rows of numbers, or columns of values as they are.
NUMBERS, VALUES = "numbers", "values"

# Which numbers an estimator takes: what is beyond, it refuses.
FINITE, MISSING_TOO, ANY = "finite", "missing too", "any"


# What runs forms.
NUMPY, ONNX = "numpy", "onnxruntime"


class FallbackRequired(Exception):
    """Rows that a form leaves to the estimator, which takes them or says why not."""


class NotCompilable(Exception):
    """Why an estimator has no form of its own, in a sentence."""


@dataclass
class CompiledEstimator:
    """An estimator as arrays, with those of its methods that are served.

    A form computes what the estimator computes, in the same order of operations, and looks at its
    input only as far as the estimator would refuse it. Its fields are arrays, numbers, strings and
    other forms: what can be written to a file that is data.
    """

    reads: ClassVar[str] = NUMBERS
    takes: ClassVar[str] = FINITE
    # The estimator that it was drawn of; none where it was read from a file.
    source: ClassVar[Any] = None

    @property
    def runs_on(self) -> str:
        """The name of what runs it, on the card."""
        names = {part.runs_on for part in self.parts_within()} - {NUMPY}
        return names.pop() if names else NUMPY

    def parts_within(self) -> list["CompiledEstimator"]:
        """Return the forms that this one is made of."""
        values = [getattr(self, field.name) for field in fields(self)]
        listed = chain.from_iterable(map(_listed, values))
        return [part for part in listed if isinstance(part, CompiledEstimator)]

    def within(self) -> Iterator["CompiledEstimator"]:
        """Yield the form itself, and all that it is made of, however deep."""
        yield self
        for part in self.parts_within():
            yield from part.within()

    def run_methods(self, methods: Sequence[str], X: Any) -> dict[str, Any]:
        """Return what several methods give for the same rows."""
        return {method: getattr(self, method)(X) for method in methods}


class Scored:
    """A classifier that makes labels and probabilities of its scores."""

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,) or (n_samples, n_classes)."""
        raise NotImplementedError

    def labels(self, scores: Array) -> Array:
        """Return the labels of scores."""
        raise NotImplementedError

    def probabilities(self, scores: Array) -> Array:
        """Return the probabilities of scores, which are overwritten."""
        raise NotImplementedError

    def predict(self, X: Array) -> Array:
        """Return the labels."""
        return self.labels(self.decision_function(X))

    def predict_proba(self, X: Array) -> Array:
        """Return the probabilities, shape (n_samples, n_classes)."""
        return self.probabilities(self.decision_function(X))

    def run_methods(self, methods: Sequence[str], X: Array) -> dict[str, Any]:
        """Return labels, scores and probabilities of one computation; the rest of its own."""
        scores = self.decision_function(X)
        made: dict[str, Callable[[Array], Array]] = {
            "decision_function": np.copy,
            "predict": self.labels,
            "predict_proba": self.probabilities,
        }
        return {m: made[m](scores.copy()) if m in made else getattr(self, m)(X) for m in methods}


@dataclass
class Table:
    """Columns of values as they are: what encoders of strings read.

    Parameters
    ----------
    columns : list of array or list of length n_samples
    """

    columns: list[Any]

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
        return len(self.columns[0]), len(self.columns)

    def numbers(self) -> Array:
        """Return the rows as float64, shape (n_samples, n_features).

        Raises
        ------
        FallbackRequired
            A value is no number.
        """
        try:
            return np.array(self.columns, dtype=np.float64).T
        except (ValueError, TypeError) as exc:
            raise FallbackRequired from exc


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def given(form: CompiledEstimator, X: Any) -> Any:
    """Return rows as a form reads them.

    Raises
    ------
    FallbackRequired
        The estimator does not take them, or takes them in its own way.
    """
    if form.reads == VALUES:
        return X
    if type(X) is Table:
        X = X.numbers()
    if form.takes == FINITE:
        if not finite(X):
            raise FallbackRequired
    elif form.takes == MISSING_TOO and not finite(X) and np.isinf(X).any():
        raise FallbackRequired
    return X


def finite(X: Array) -> bool:
    """Return whether all numbers are finite: by one product, unless that overflows."""
    flat = X.ravel()
    return isfinite(flat.dot(flat)) or bool(np.isfinite(X).all())


def select(X: Any, positions: Array) -> Any:
    """Return some of the columns."""
    if type(X) is Table:
        return Table([X.columns[position] for position in positions.tolist()])
    return X.take(positions, axis=1)


def ufunc(name: str) -> np.ufunc:
    """Return an element-wise function of NumPy; a file may name no other.

    Raises
    ------
    NotCompilable
        It is none.
    """
    function = getattr(np, name, None)
    if not isinstance(function, np.ufunc):
        raise NotCompilable(f"{name} is no element-wise function of NumPy.")
    return function


def labelled(classes: Array, indices: Any) -> Array:
    """Return the classes at indices; a boolean is one of two."""
    labels: Array = classes.take(indices)
    return labels


def labelled_each(classes: Sequence[Array], indices: Sequence[Array]) -> Array:
    """Return the labels of one output, or of several, shape (n_samples, n_outputs).

    Parameters
    ----------
    classes : sequence of array of shape (n_classes,)
        For each output.
    indices : sequence of array of shape (n_samples,)
    """
    if len(classes) == 1:
        return labelled(classes[0], indices[0])
    labels = np.empty((len(indices[0]), len(classes)), dtype=classes[0].dtype)
    for output, (known, chosen) in enumerate(zip(classes, indices, strict=True)):
        labels[:, output] = labelled(known, chosen)
    return labels


def values(X: Any) -> list[list[Any]]:
    """Return rows as a list of Python's values for each column."""
    if type(X) is Table:
        return [c if type(c) is list else c.tolist() for c in X.columns]
    columns: list[list[Any]] = X.T.tolist()
    return columns
