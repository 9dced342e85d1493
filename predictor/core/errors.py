"""Exceptions of the core. Each message is a full sentence for the client or the operator."""

from collections.abc import Mapping, Sequence


class PredictorError(Exception):
    """Base class of the core's exceptions."""


class InvalidInput(PredictorError, ValueError):
    """Rows or options that a model rejects.

    Parameters
    ----------
    sentence : str
        Description of the problem as a whole.
    columns : mapping of str to sequence of str, optional
        Sentences about each invalid column or field, by its name.
    """

    def __init__(self, sentence: str, columns: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(sentence)
        self.columns = columns or {}

    @property
    def details(self) -> str:
        """The sentences about each column, or else the description as a whole."""
        columns = [f"{name}: {' '.join(sentences)}" for name, sentences in self.columns.items()]
        return " ".join(columns) or str(self)


class ModelNotFound(PredictorError, LookupError):
    """No model has this name, or the model has no such version.

    Parameters
    ----------
    sentence : str
        Description of the problem.
    similar : str, optional
        Name of a model that may be meant. Only clients that may see the models are told.
    """

    def __init__(self, sentence: str, similar: str = "") -> None:
        super().__init__(sentence)
        self.hint = f" Did you mean {similar}?" if similar else ""


class Conflict(PredictorError):
    """A request conflicts with the current state of the model."""


class ArtifactError(PredictorError):
    """A model file is missing, damaged, unsafe, or cannot be served."""


class Busy(PredictorError):
    """The queue of waiting requests is full."""


class EstimatorFailed(PredictorError):
    """The rows end the process of the estimator, exceed its time limit, or make it fail."""
