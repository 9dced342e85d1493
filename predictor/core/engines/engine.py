"""What runs a model."""

from collections.abc import Sequence
from typing import Any, Protocol


class Engine(Protocol):
    """Runs the methods of a fitted estimator, by itself or in another form that is equal to it."""

    def run(self, methods: Sequence[str], X: Any) -> dict[str, Any]:
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
