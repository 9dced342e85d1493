"""A version of a model that is loaded and can predict."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.core.engines import Engine, MethodResults
from predictor.core.errors import InvalidInput
from predictor.core.signature import Signature


@dataclass(frozen=True)
class Model:
    """A loaded version of a model.

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
        """Return the result of each method for the rows, and the name of the engine that ran.

        Parameters
        ----------
        X : array, LazyFrame, DataFrame or sparse matrix of shape (n_samples, n_features)
            Without rows the results are empty. Estimators would reject such an input.
        outputs : sequence of str
            Methods of the signature.
        """
        if X.shape[0] == 0:
            return MethodResults(dict.fromkeys(outputs, np.empty(0)), self.engine_name(0))
        return self.engine.run(outputs, X)

    def engine_name(self, n_rows: int) -> str:
        """Return the name of the engine that runs this number of rows."""
        return self.engine.engine_name(n_rows)

    def warm(self) -> None:
        """Run every method once, so that the first request is not slower than others."""
        # The estimator may reject the example: it is warm then as well.
        with suppress(InvalidInput):
            self.infer(self.signature.build_example(), self.signature.methods)
