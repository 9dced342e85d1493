"""A version of a model that is loaded and can predict."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from predictor.core.engines import Engine, MethodResults
from predictor.core.engines.result_validation import MAX_VALUES, count_values
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import slice_rows
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
    # Number of values of each method for one row, as far as it is known.
    row_sizes: dict[str, int] = field(default_factory=dict, init=False, compare=False)

    def infer(self, X: Any, outputs: Sequence[str]) -> MethodResults:
        """Return the result of each method for the rows, and the name of the engine that ran.

        Parameters
        ----------
        X : array, LazyFrame, DataFrame or sparse matrix of shape (n_samples, n_features)
            Without rows the results are empty. Estimators would reject such an input.
        outputs : sequence of str
            Methods of the signature.

        Raises
        ------
        InvalidInput
            The estimator rejects the rows; the results are too large.
        """
        n_rows = X.shape[0]
        if n_rows == 0:
            return MethodResults(dict.fromkeys(outputs, np.empty(0)), self.engine_name(0))
        if n_rows > 1:
            self._check_size(X, outputs)
        return self.engine.run(outputs, X)

    def _check_size(self, X: Any, outputs: Sequence[str]) -> None:
        """Check that the results of the rows are not too large together."""
        unknown = [method for method in outputs if method not in self.row_sizes]
        if unknown:
            self._measure(slice_rows(X, slice(1)), unknown)
        row_size = sum(self.row_sizes[method] for method in outputs)
        if X.shape[0] * row_size > MAX_VALUES:
            raise InvalidInput(
                f"{X.shape[0]:,} rows have results of {X.shape[0] * row_size:,} values. "
                f"Send at most {max(1, MAX_VALUES // row_size):,} rows in one request."
            )

    def _measure(self, row: Any, methods: Sequence[str]) -> None:
        """Count the values that each method returns for one row."""
        for method, values in self.engine.run(methods, row).items():
            self.row_sizes[method] = count_values(values)

    def engine_name(self, n_rows: int) -> str:
        """Return the name of the engine that runs this number of rows."""
        return self.engine.engine_name(n_rows)

    def warm(self) -> None:
        """Run the methods once, so that the first request is not slower than others.

        Methods that only the estimator runs would start its process, which few clients need.
        """
        # The estimator may reject the example: it is warm then as well.
        with suppress(InvalidInput):
            self._measure(self.signature.build_example(), self.signature.shared_methods)
