"""Estimators that run ONNX files of tabular classifiers and regressors in ONNX Runtime."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.core.artifacts.onnx.audit import Audited
from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER, STRING
from predictor.core.columns import Column
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.input_builders import ARRAY, FRAME
from predictor.core.onnx_runtime import create_session

Array = npt.NDArray[Any]

# Dtype and kind of the columns of an input, by its ONNX type.
COLUMN_TYPES = {
    "tensor(float)": ("float32", NUMBER),
    "tensor(double)": ("float64", NUMBER),
    "tensor(int64)": ("int64", INTEGER),
    "tensor(int32)": ("int32", INTEGER),
    "tensor(bool)": ("bool", BOOLEAN),
    "tensor(string)": ("object", STRING),
}


class OnnxRegressor:
    """An ONNX model with the interface of a scikit-learn regressor.

    Parameters
    ----------
    session : InferenceSession
    labels : list
        The classes of a classifier; empty for a regressor.
    """

    def __init__(self, session: Any, labels: list[Any]) -> None:
        self.session = session
        self.labels = labels
        self.inputs = session.get_inputs()
        self.outputs = [output.name for output in session.get_outputs()]

    @cached_property
    def served_container_(self) -> str:
        """The container of X: a table if each column is an input, else an array."""
        return FRAME if len(self.inputs) > 1 else ARRAY

    @cached_property
    def served_columns_(self) -> tuple[Column, ...]:
        """The columns of X."""
        described = [(entry.name, *_column_type(entry), _width(entry)) for entry in self.inputs]
        if len(described) > 1:
            if any(width != 1 for *_, width in described):
                raise ArtifactError(
                    "The ONNX model has several inputs, and one of them has several columns. Each "
                    "input must have one column."
                )
            return tuple(Column(name, dtype=dtype, kind=kind) for name, dtype, kind, _ in described)
        _, dtype, kind, width = described[0]
        if not width:
            raise ArtifactError("The ONNX model does not state its number of columns.")
        return tuple(Column(f"x{n}", dtype=dtype, kind=kind) for n in range(width))

    def predict(self, X: Any) -> Array:
        """Return the first output, of shape (n_samples,) or (n_samples, n_outputs)."""
        predicted = np.asarray(self._run(X, 0))
        has_one_column = predicted.ndim > 1 and predicted.shape[1] == 1
        return predicted[:, 0] if has_one_column else predicted

    def _run(self, X: Any, position: int) -> Any:
        if len(self.inputs) > 1:
            feed = {
                entry.name: X[[entry.name]].to_numpy(_column_type(entry)[0])
                for entry in self.inputs
            }
        else:
            feed = {self.inputs[0].name: np.asarray(X)}
        try:
            return self.session.run([self.outputs[position]], feed)[0]
        except MemoryError:
            raise
        except Exception as exc:  # each kind of failure has a class of its own
            raise InvalidInput("ONNX Runtime cannot run the model for these rows.") from exc


class OnnxClassifier(OnnxRegressor):
    """An ONNX model whose first output is the labels and whose second is the probabilities."""

    @cached_property
    def classes_(self) -> Array:
        """The labels, in the order of the columns of `predict_proba`."""
        return np.array(self.labels)

    def predict_proba(self, X: Any) -> Array:
        """Return the second output, of shape (n_samples, n_classes)."""
        probabilities = self._run(X, 1)
        if isinstance(probabilities, list):  # a dict for each row
            return np.array([[row[label] for label in self.labels] for row in probabilities])
        return np.asarray(probabilities)


class OnnxOutlierDetector(OnnxRegressor):
    """An ONNX model whose outputs are 1 for inliers and -1 for outliers, and the scores."""

    def decision_function(self, X: Any) -> Array:
        """Return the second output, of shape (n_samples,): negative for outliers."""
        return np.ravel(self._run(X, 1))


def build(audited: Audited) -> OnnxRegressor:
    """Return the estimator of an audited ONNX file.

    Raises
    ------
    ArtifactError
        ONNX Runtime rejects the model; the model is no classifier, regressor or outlier detector.
    """
    try:
        session = create_session(audited.data)
    except Exception as exc:
        raise ArtifactError("ONNX Runtime cannot load the model.") from exc
    outputs = session.get_outputs()
    types = [output.type for output in outputs]
    if not types or not session.get_inputs():
        raise ArtifactError("The ONNX model has no input or no output.")
    if types[0] in ("tensor(int64)", "tensor(string)"):
        if len(types) > 1 and audited.labels:
            return OnnxClassifier(session, audited.labels)
        if types[:2] == ["tensor(int64)", "tensor(float)"] and _width(outputs[1]) == 1:
            return OnnxOutlierDetector(session, [])
        raise ArtifactError("The ONNX model is a classifier without probabilities or classes.")
    if types[0] not in ("tensor(float)", "tensor(double)"):
        raise ArtifactError(
            f"The ONNX model returns {types[0]}. Only numbers and class labels are served."
        )
    return OnnxRegressor(session, audited.labels)


def _column_type(entry: Any) -> tuple[str, str]:
    if entry.type not in COLUMN_TYPES:
        raise ArtifactError(
            f"The ONNX model has an input of type {entry.type}, which JSON cannot represent."
        )
    return COLUMN_TYPES[entry.type]


def _width(entry: Any) -> int:
    """Return the number of columns of an input or output; 0 if the model does not state it."""
    shape = entry.shape
    width = shape[1] if len(shape) == 2 else 0  # noqa: PLR2004 - rows and columns
    return width if isinstance(width, int) else 0
