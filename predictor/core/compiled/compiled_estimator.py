"""Base class of compiled estimators, and the input that they read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from math import isfinite
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Input of a compiled estimator: an array of numbers, or the array or Table as it comes.
NUMBERS, VALUES = "numbers", "values"

# Numbers that a compiled estimator accepts. It leaves rows with others to scikit-learn.
FINITE, FINITE_OR_NAN, ANY = "finite", "finite or nan", "any"

# Libraries that run compiled estimators.
NUMPY, ONNX = "numpy", "onnxruntime"


class FallbackRequired(Exception):
    """The compiled estimator leaves these rows to scikit-learn."""


class NotCompilable(Exception):
    """The estimator, or a part of it, cannot be compiled; the message says why."""


@dataclass
class CompiledEstimator:
    """Arrays of a fitted estimator, and its methods without their validation.

    A compiled estimator computes the same as its estimator. Its fields are arrays, numbers,
    strings and other compiled estimators, so that it can be written to a file that is data.
    """

    reads: ClassVar[str] = NUMBERS
    accepts: ClassVar[str] = FINITE
    # The estimator that it was converted from; None if it was read from a file.
    source: ClassVar[Any] = None

    @property
    def engine_name(self) -> str:
        """Name of the library that runs this estimator."""
        names = {part.engine_name for part in self.children()} - {NUMPY}
        return names.pop() if names else NUMPY

    def children(self) -> list["CompiledEstimator"]:
        """Return the compiled estimators among the fields."""
        return [value for value in self._values() if isinstance(value, CompiledEstimator)]

    def walk(self) -> Iterator["CompiledEstimator"]:
        """Yield this compiled estimator and all that are nested in it."""
        yield self
        for part in self.children():
            yield from part.walk()

    @property
    def row_size(self) -> int:
        """Bound of the number of values that a row needs at once, for its results as well."""
        n_values = sum(max(array.shape, default=1) for array in self.arrays())
        return n_values + sum(part.row_size for part in self.children())

    def arrays(self) -> list[Array]:
        """Return the arrays among the fields."""
        return [value for value in self._values() if isinstance(value, np.ndarray)]

    def _values(self) -> Iterator[Any]:
        """Yield the values of the fields, and the items of lists."""
        values = [getattr(self, field.name) for field in fields(self)]
        return chain.from_iterable(v if isinstance(v, list) else [v] for v in values)

    def run_methods(self, methods: Sequence[str], X: Any) -> dict[str, Any]:
        """Return the result of each method for the same rows."""
        return {method: getattr(self, method)(X) for method in methods}


class ScoreClassifier:
    """Classifier whose labels and probabilities are functions of its scores."""

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
        """Return the labels, shape (n_samples,)."""
        return self.labels(self.decision_function(X))

    def predict_proba(self, X: Array) -> Array:
        """Return the probabilities, shape (n_samples, n_classes)."""
        return self.probabilities(self.decision_function(X))

    def run_methods(self, methods: Sequence[str], X: Array) -> dict[str, Any]:
        """Return the result of each method; the scores are computed once."""
        scores = self.decision_function(X)
        functions: dict[str, Callable[[Array], Array]] = {
            "decision_function": np.copy,
            "predict": self.labels,
            "predict_proba": self.probabilities,
        }
        return {method: functions[method](scores.copy()) for method in methods}


@dataclass
class Table:
    """Columns of values of any type, for encoders of strings.

    Parameters
    ----------
    columns : list of array or list of length n_samples
    """

    columns: list[Any]

    def __getitem__(self, rows: slice) -> "Table":
        """Return some rows."""
        return Table([column[rows] for column in self.columns])

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return len(self.columns[0]), len(self.columns)

    def numbers(self) -> Array:
        """Return the rows as float64, shape (n_samples, n_features).

        Raises
        ------
        FallbackRequired
            A value is not a number.
        """
        try:
            return np.array(self.columns, dtype=np.float64).T
        except (ValueError, TypeError) as exc:
            raise FallbackRequired from exc


def checked_input(estimator: CompiledEstimator, X: Any) -> Any:
    """Return rows in the kind of input that a compiled estimator reads.

    Raises
    ------
    FallbackRequired
        The compiled estimator does not accept a value.
    """
    if estimator.reads == VALUES:
        return X
    if type(X) is Table:
        X = X.numbers()
    if estimator.accepts == FINITE:
        if not all_finite(X):
            raise FallbackRequired
    elif estimator.accepts == FINITE_OR_NAN and not all_finite(X) and np.isinf(X).any():
        raise FallbackRequired
    return X


def all_finite(X: Array) -> bool:
    """Return whether all numbers are finite."""
    # The sum is fast, and is infinite as well if it overflows. Unlike a product, NumPy adds a few
    # numbers without releasing the interpreter's lock, which would let another thread take it.
    return isfinite(np.add.reduce(X, axis=None)) or bool(np.isfinite(X).all())


def select_columns(X: Any, positions: Array) -> Any:
    """Return the columns at positions."""
    if type(X) is Table:
        return Table([X.columns[position] for position in positions.tolist()])
    return X.take(positions, axis=1)


def column_lists(X: Any) -> list[list[Any]]:
    """Return the values of each column as Python objects."""
    if type(X) is Table:
        return [c if type(c) is list else c.tolist() for c in X.columns]
    columns: list[list[Any]] = X.T.tolist()
    return columns


def numpy_function(name: str) -> np.ufunc:
    """Return an element-wise function of NumPy; files cannot name other functions.

    Raises
    ------
    NotCompilable
        NumPy has no such function.
    """
    function = getattr(np, name, None)
    if not isinstance(function, np.ufunc):
        raise NotCompilable(f"{name} is not an element-wise function of NumPy.")
    return function


def labels_at(classes: Array, indices: Any) -> Array:
    """Return the classes at indices, which can be booleans for two classes."""
    labels: Array = classes.take(indices)
    return labels


def labels_of_outputs(classes: Sequence[Array], indices: Sequence[Array]) -> Array:
    """Return the labels of one output, or of several, shape (n_samples, n_outputs).

    Parameters
    ----------
    classes : sequence of array of shape (n_classes,)
        Labels of each output.
    indices : sequence of array of shape (n_samples,)
        Predicted class of each output.
    """
    if len(classes) == 1:
        return labels_at(classes[0], indices[0])
    labels = np.empty((len(indices[0]), len(classes)), dtype=classes[0].dtype)
    for output, (own_classes, own_indices) in enumerate(zip(classes, indices, strict=True)):
        labels[:, output] = labels_at(own_classes, own_indices)
    return labels
