"""What runs a model."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Answers(dict[str, Any]):
    """What each method gave for the same rows, and what ran them.

    Attributes
    ----------
    engine_name : str
        The estimator, where it was needed for any of the methods.
    """

    __slots__ = ("engine_name",)

    engine_name: str


def ran(answers: Mapping[str, Any], by: str) -> Answers:
    """Return what each method gave, with the name of what ran them."""
    named = Answers(answers)
    named.engine_name = by
    return named


class Engine(Protocol):
    """Runs the methods of a fitted estimator, by itself or in another form that is equal to it."""

    def run(self, methods: Sequence[str], X: Any) -> Answers:
        """Return what each of the methods gives for the same rows.

        Raises
        ------
        InvalidInput
            The estimator refuses the rows.
        """
        ...

    def name(self, n_samples: int) -> str:
        """Return what runs the first method for so many rows."""
        ...

    def compiles(self, method: str, n_samples: int) -> bool:
        """Return whether so many rows are run by another form than the estimator."""
        ...
