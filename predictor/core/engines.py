"""How a fitted estimator is run."""

from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.core.errors import InvalidInput

Array = npt.NDArray[Any]


class ScikitLearn:
    """The estimator itself."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def run(self, method: str, X: Array) -> Array:
        """Return what a method of the estimator gives.

        Parameters
        ----------
        method : str
            One of the methods in the signature.
        X : array of shape (n_samples, n_features)

        Raises
        ------
        InvalidInput
            The estimator refuses the rows.
        """
        try:
            return np.asarray(getattr(self.estimator, method)(X))
        except ValueError as exc:
            raise InvalidInput(f"The model refuses these rows: {exc}") from exc
