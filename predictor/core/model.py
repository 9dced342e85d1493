"""A served model: one version of it, ready to run."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.core.engines import Engine, MethodResults
from predictor.core.errors import Busy, InvalidInput
from predictor.core.signature import Signature


@dataclass(frozen=True)
class Model:
    """One version of a model, loaded.

    Parameters
    ----------
    name : str
    version : int
    signature : Signature
    engine : Engine
    compiled_sha256 : str
        SHA-256 of the compiled estimator; empty if the estimator itself runs every request.
    """

    name: str
    version: int
    signature: Signature
    engine: Engine
    compiled_sha256: str = ""

    def infer(self, X: Any, outputs: Sequence[str]) -> MethodResults:
        """Return what each of the methods gives for the rows, and what ran them.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix of shape (n_samples, n_features)
            No rows give no values: estimators themselves refuse them.
        outputs : sequence of str
            Methods out of the signature.
        """
        if X.shape[0] == 0:
            return MethodResults(dict.fromkeys(outputs, np.empty(0)), self.engine_name(0))
        return self.engine.run(outputs, X)

    def engine_name(self, n_rows: int) -> str:
        """Return what runs so many rows."""
        return self.engine.engine_name(n_rows)

    def warm(self) -> None:
        """Run every method once, so that the first request does not pay for it."""
        # A made-up row may be refused: that is an answer as well. Where there is no room for it,
        # others have the estimators warm.
        with suppress(InvalidInput, Busy):
            self.infer(self.signature.example_rows(), self.signature.methods)
