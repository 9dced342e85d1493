"""Interface of engines, which run the methods of a fitted estimator."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class MethodResults(dict[str, Any]):
    """Result of each method for the same rows.

    Parameters
    ----------
    results : mapping of str to array
    engine_name : str
        Engine that ran the methods: "scikit-learn" if it ran any of them.
    """

    __slots__ = ("engine_name",)

    def __init__(self, results: Mapping[str, Any], engine_name: str) -> None:
        super().__init__(results)
        self.engine_name = engine_name


class Engine(Protocol):
    """Runs the methods of a fitted estimator, or of a compiled estimator that is equal to it."""

    @property
    def failure(self) -> str:
        """Reason why the estimator is out of service; empty if it is in service."""
        ...

    def run(self, methods: Sequence[str], X: Any) -> MethodResults:
        """Return the result of each method for the same rows.

        Raises
        ------
        InvalidInput
            The estimator rejects the rows.
        """
        ...

    def engine_name(self, n_samples: int) -> str:
        """Return the name of the engine that runs the first method for a number of rows."""
        ...

    def is_compiled(self, method: str, n_samples: int) -> bool:
        """Return whether a compiled estimator runs a method for a number of rows."""
        ...
