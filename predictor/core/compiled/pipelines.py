"""Compositions that pass rows on: pipelines, column transformers, one model for each target."""

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
    checked_input,
    labels_at,
    numpy_function,
    select_columns,
)


def call(estimator: CompiledEstimator, method: str, X: Any) -> Any:
    """Return the result of a method of a part of a composition.

    Raises
    ------
    FallbackRequired
        The part does not accept the rows.
    """
    return getattr(estimator, method)(checked_input(estimator, X))


@dataclass
class Composition(CompiledEstimator):
    """Compiled estimator whose parts check the rows themselves."""

    reads: ClassVar[str] = VALUES
    accepts: ClassVar[str] = ANY


@dataclass
class CompiledPipeline(Composition):
    """Transformers, one after the other, and an optional model after them.

    Parameters
    ----------
    steps : list of CompiledEstimator
    model : CompiledEstimator, optional
        The pipeline has all methods of the model.
    """

    steps: list[CompiledEstimator]
    model: CompiledEstimator | None = None

    def run_methods(self, methods: Sequence[str], X: Any) -> dict[str, Any]:
        """Return the result of each method; the rows are transformed once."""
        if self.model is None or "transform" in methods:
            return super().run_methods(methods, X)
        return self.model.run_methods(methods, checked_input(self.model, self.transformed(X)))

    def transformed(self, X: Any) -> Any:
        """Return the rows after all steps."""
        for step in self.steps:
            X = call(step, "transform", X)
        return X

    def __getattr__(self, method: str) -> Any:
        model = self.__dict__.get("model")
        if model is None or method.startswith("_") or not hasattr(model, method):
            raise AttributeError(method)
        return lambda X: call(model, method, self.transformed(X))


@dataclass
class TransformerPipeline(CompiledPipeline):
    """Pipeline whose own `transform` is that of its steps."""

    def transform(self, X: Any) -> Any:
        """Return the transformed rows."""
        return self.transformed(X)


@dataclass
class LabelDecodingPipeline(TransformerPipeline):
    """Pipeline whose model predicts positions in `classes`.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    """

    classes: Array | None = None

    run_methods = CompiledEstimator.run_methods

    def predict(self, X: Any) -> Array:
        """Return the labels, shape (n_samples,)."""
        assert self.model is not None  # noqa: S101 - optional only in the base class
        assert self.classes is not None  # noqa: S101 - optional only because fields before it are
        return labels_at(self.classes, call(self.model, "predict", self.transformed(X)))


@dataclass
class ParallelTransformers(Composition):
    """Transformers side by side, as in a column transformer or a union of features.

    Parameters
    ----------
    parts : list of CompiledEstimator
    positions : list of array of int
        Columns of each transformer; None means all columns.
    """

    parts: list[CompiledEstimator]
    positions: list[Array | None]

    def transform(self, X: Any) -> Array:
        """Return the transformed columns of all transformers.

        Raises
        ------
        FallbackRequired
            A transformer returns strings.
        """
        blocks = []
        for part, positions in zip(self.parts, self.positions, strict=True):
            columns = X if positions is None else select_columns(X, positions)
            block = call(part, "transform", columns)
            if type(block) is Table:
                raise FallbackRequired
            blocks.append(block)
        return np.concatenate(blocks, axis=1)


@dataclass
class MultiOutput(Composition):
    """One model for each output.

    Parameters
    ----------
    parts : list of CompiledEstimator
    """

    parts: list[CompiledEstimator]

    def predict(self, X: Any) -> Array:
        """Return the targets, shape (n_samples, n_outputs)."""
        return np.asarray([call(part, "predict", X) for part in self.parts]).T

    def predict_proba(self, X: Any) -> list[Array]:
        """Return the probabilities of each output."""
        return [call(part, "predict_proba", X) for part in self.parts]


@dataclass
class TransformedTarget(Composition):
    """Regressor of a target that was transformed by a function of NumPy.

    Parameters
    ----------
    model : CompiledEstimator
    inverse : str
        Name of the inverse function.
    """

    model: CompiledEstimator
    inverse: str

    def __post_init__(self) -> None:
        self.function = numpy_function(self.inverse)

    def predict(self, X: Any) -> Array:
        """Return the targets, shape (n_samples,)."""
        targets: Array = self.function(call(self.model, "predict", X))
        return targets
