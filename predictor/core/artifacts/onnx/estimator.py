"""ONNX files of tabular classifiers and regressors, run by ONNX Runtime as they are."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.core.artifacts.onnx.audit import Audited
from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER, STRING
from predictor.core.columns import Column
from predictor.core.errors import ArtifactError
from predictor.core.input_builders import ARRAY, FRAME
from predictor.core.onnx_runtime import session

Array = npt.NDArray[Any]

KINDS = {
    "tensor(float)": ("float32", NUMBER),
    "tensor(double)": ("float64", NUMBER),
    "tensor(int64)": ("int64", INTEGER),
    "tensor(int32)": ("int32", INTEGER),
    "tensor(bool)": ("bool", BOOLEAN),
    "tensor(string)": ("object", STRING),
}


class OnnxRegressor:
    """An ONNX model, with the methods of an estimator.

    Parameters
    ----------
    session : InferenceSession
    labels : list
        The classes of a classifier.
    """

    def __init__(self, session: Any, labels: list[Any]) -> None:
        self.session = session
        self.labels = labels
        self.inputs = session.get_inputs()
        self.outputs = [output.name for output in session.get_outputs()]

    @cached_property
    def served_container_(self) -> str:
        """The container of the rows: a table where every column is an input of its own."""
        return FRAME if len(self.inputs) > 1 else ARRAY

    @cached_property
    def served_columns_(self) -> tuple[Column, ...]:
        """The columns of the rows."""
        described = [(entry.name, *_kind(entry), _width(entry)) for entry in self.inputs]
        if len(described) > 1:
            if any(width != 1 for *_, width in described):
                raise ArtifactError("Several inputs of an ONNX model must be one column each.")
            return tuple(Column(name, dtype=dtype, kind=kind) for name, dtype, kind, _ in described)
        _, dtype, kind, width = described[0]
        if not width:
            raise ArtifactError("The ONNX model does not say how many columns it takes.")
        return tuple(Column(f"x{n}", dtype=dtype, kind=kind) for n in range(width))

    def predict(self, X: Any) -> Array:
        """Return the first output."""
        predicted = np.asarray(self._run(X, 0))
        flat = predicted.ndim > 1 and predicted.shape[1] == 1
        return predicted[:, 0] if flat else predicted

    def _run(self, X: Any, position: int) -> Any:
        if len(self.inputs) > 1:
            named = [(entry.name, entry) for entry in self.inputs]
            feed = {name: X[[name]].to_numpy(_kind(entry)[0]) for name, entry in named}
        else:
            feed = {self.inputs[0].name: np.asarray(X)}
        return self.session.run([self.outputs[position]], feed)[0]


class OnnxClassifier(OnnxRegressor):
    """An ONNX model whose second output is probabilities."""

    @cached_property
    def classes_(self) -> Array:
        """The labels, in the order of the probabilities."""
        return np.array(self.labels)

    def predict_proba(self, X: Any) -> Array:
        """Return the second output, one column for each class."""
        found = self._run(X, 1)
        if isinstance(found, list):
            return np.array([[row[label] for label in self.labels] for row in found])
        return np.asarray(found)


def build(audited: Audited) -> OnnxRegressor:
    """Return the estimator of an audited ONNX file.

    Raises
    ------
    ArtifactError
        ONNX Runtime rejects the model; the model is neither a classifier nor a regressor.
    """
    try:
        model = session(audited.data)
    except Exception as exc:
        raise ArtifactError("ONNX Runtime does not take the model.") from exc
    kinds = [output.type for output in model.get_outputs()]
    if not kinds or not model.get_inputs():
        raise ArtifactError("The ONNX model has no input or no output.")
    if kinds[0] in ("tensor(int64)", "tensor(string)"):
        if len(kinds) < 2 or not audited.labels:  # noqa: PLR2004 - label and probabilities
            raise ArtifactError("The ONNX model is of a classifier without classes.")
        return OnnxClassifier(model, audited.labels)
    if kinds[0] not in ("tensor(float)", "tensor(double)"):
        raise ArtifactError(f"The ONNX model gives {kinds[0]}, which is not served.")
    return OnnxRegressor(model, audited.labels)


def _kind(entry: Any) -> tuple[str, str]:
    if entry.type not in KINDS:
        raise ArtifactError(f"The ONNX model takes {entry.type}, which rows of JSON do not hold.")
    return KINDS[entry.type]


def _width(entry: Any) -> int:
    """Return how many columns an input has; 0 where that is not said."""
    shape = entry.shape
    width = shape[1] if len(shape) == 2 else 0  # noqa: PLR2004 - rows and columns
    return width if isinstance(width, int) else 0
