"""Compositions: pipelines, column transformers, unions, votes, several targets."""

from collections.abc import Sequence
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
    given,
    labelled,
    select,
    ufunc,
)


@dataclass
class Chain(CompiledEstimator):
    """Transformers one after the other, and a model behind them.

    Parameters
    ----------
    steps : list of CompiledEstimator
    last : CompiledEstimator, optional
        What has other methods than `transform`; without it the chain only transforms.
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    steps: list[CompiledEstimator]
    last: CompiledEstimator | None = None

    def run_methods(self, methods: Sequence[str], X: Any) -> dict[str, Any]:
        """Return what several methods give: the rows are transformed once."""
        if self.last is None or isinstance(self, Transforming):
            return super().run_methods(methods, X)
        return self.last.run_methods(methods, given(self.last, self.through(X)))

    def through(self, X: Any) -> Any:
        """Return the rows as they come to the last step."""
        for step in self.steps:
            X = step.transform(given(step, X))  # type: ignore[attr-defined]  # every step has it
        return X

    def __getattr__(self, method: str) -> Any:
        last = self.__dict__.get("last")
        if last is None or method.startswith("_"):
            raise AttributeError(method)
        own = getattr(last, method)
        return lambda X: own(given(last, self.through(X)))


@dataclass
class Transforming(Chain):
    """A chain of nothing but transformers."""

    def transform(self, X: Any) -> Any:
        """Return the transformed rows."""
        return self.through(X)


@dataclass
class Eliminated(Transforming):
    """A chain that serves its transformers as well as its model."""


@dataclass
class Encoded(Eliminated):
    """A chain whose model knows the classes by their numbers.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    """

    classes: Array | None = None

    def predict(self, X: Any) -> Array:
        """Return the labels."""
        assert self.last is not None  # noqa: S101 - it has a model
        assert self.classes is not None  # noqa: S101 - and classes
        numbers = self.last.predict(given(self.last, self.through(X)))  # type: ignore[attr-defined]
        return labelled(self.classes, numbers)


@dataclass
class Columns(CompiledEstimator):
    """Transformers side by side, each with its own columns.

    Parameters
    ----------
    parts : list of CompiledEstimator
    positions : list of array of int
        The columns that each reads; all of them where it is None.
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    parts: list[CompiledEstimator]
    positions: list[Array | None]

    def transform(self, X: Any) -> Array:
        """Return what the transformers give, side by side."""
        blocks = []
        for part, positions in zip(self.parts, self.positions, strict=True):
            read = X if positions is None else select(X, positions)
            block = part.transform(given(part, read))  # type: ignore[attr-defined]  # as each part
            if type(block) is Table:
                raise FallbackRequired
            blocks.append(block)
        return np.concatenate(blocks, axis=1)


@dataclass
class Votes(CompiledEstimator):
    """Classifiers that vote by their probabilities.

    Parameters
    ----------
    parts : list of CompiledEstimator
    weights : list of float, optional
    classes : array of shape (n_classes,)
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    parts: list[CompiledEstimator]
    weights: list[float] | None
    classes: Array

    def predict(self, X: Any) -> Array:
        """Return the labels."""
        return labelled(self.classes, self.predict_proba(X).argmax(axis=1))

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities, averaged."""
        each = [part.predict_proba(given(part, X)) for part in self.parts]  # type: ignore[attr-defined]
        averaged: Array = np.average(np.asarray(each), axis=0, weights=self.weights)
        return averaged


@dataclass
class Mean(CompiledEstimator):
    """Regressors whose predictions are averaged.

    Parameters
    ----------
    parts : list of CompiledEstimator
    weights : list of float, optional
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    parts: list[CompiledEstimator]
    weights: list[float] | None

    def each(self, X: Any) -> Array:
        """Return the predictions, shape (n_samples, n_parts)."""
        each = [part.predict(given(part, X)) for part in self.parts]  # type: ignore[attr-defined]
        return np.asarray(each).T

    def transform(self, X: Any) -> Array:
        """Return every regressor's prediction."""
        return self.each(X)

    def predict(self, X: Any) -> Array:
        """Return the averages."""
        averaged: Array = np.average(self.each(X), axis=1, weights=self.weights)
        return averaged


@dataclass
class Several(CompiledEstimator):
    """One model for each target.

    Parameters
    ----------
    parts : list of CompiledEstimator
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    parts: list[CompiledEstimator]

    def predict(self, X: Any) -> Array:
        """Return the targets, shape (n_samples, n_outputs)."""
        each = [part.predict(given(part, X)) for part in self.parts]  # type: ignore[attr-defined]
        return np.asarray(each).T

    def predict_proba(self, X: Any) -> list[Array]:
        """Return the probabilities of each target."""
        return [part.predict_proba(given(part, X)) for part in self.parts]  # type: ignore[attr-defined]


@dataclass
class Behind(CompiledEstimator):
    """A regressor whose target was transformed by a function of NumPy.

    Parameters
    ----------
    model : CompiledEstimator
    inverse : str
        The name of the function that leads back.
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    model: CompiledEstimator
    inverse: str

    def __post_init__(self) -> None:
        self.back = ufunc(self.inverse)

    def predict(self, X: Any) -> Array:
        """Return the targets."""
        targets: Array = self.back(self.model.predict(given(self.model, X)))  # type: ignore[attr-defined]
        return targets
