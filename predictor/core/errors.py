"""The facts that can go wrong, each told in a sentence."""

from collections.abc import Mapping, Sequence


class PredictorError(Exception):
    """What every fact here is."""


class InvalidInput(PredictorError, ValueError):
    """Rows that a model does not take.

    Parameters
    ----------
    sentence : str
        What is wrong, as a whole.
    columns : mapping of str to sequence of str, optional
        What is wrong, column by column.
    """

    def __init__(self, sentence: str, columns: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(sentence)
        self.columns = columns or {}


class ModelNotFound(PredictorError, LookupError):
    """No model of that name, or no such version of it."""


class Conflict(PredictorError):
    """What was asked for does not go with how things are."""


class ArtifactError(PredictorError):
    """A model file that is missing, damaged, or not what it says."""


class Busy(PredictorError):
    """So many requests wait already that one more would wait too long."""
