"""Engine that calls a fitted estimator."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from predictor.core.engines.engine import MethodResults
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import materialize
from predictor.core.served_methods import find_rejections, get_method

SCIKIT_LEARN = "scikit-learn"

# Part of an estimator's message that is safe to repeat, although it is quoted or has digits.
HARMLESS = re.compile(r"dtype\('\w+'\)")
# Parts of an estimator's message that can repeat the rows: numbers, quoted strings, lists.
REPEATED = re.compile(r"[\d'\"\[\]{}]")


class EstimatorEngine:
    """Engine that calls the methods of a fitted estimator."""

    failure = ""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def engine_name(self, n_samples: int) -> str:  # noqa: ARG002 - the interface
        """Return "scikit-learn"."""
        return SCIKIT_LEARN

    def is_compiled(self, method: str, n_samples: int) -> bool:  # noqa: ARG002 - the interface
        """Return False."""
        return False

    def run(self, methods: Sequence[str], X: Any) -> MethodResults:
        """Return the result of each method of the estimator.

        Parameters
        ----------
        methods : sequence of str
            Methods in the signature.
        X : array, LazyFrame, DataFrame or sparse matrix of shape (n_samples, n_features)

        Raises
        ------
        InvalidInput
            The estimator rejects the rows.
        """
        X = materialize(X)
        estimator = self.estimator
        try:
            results = {method: get_method(estimator, method)(X) for method in methods}
        except find_rejections() as exc:
            raise InvalidInput(f"The model rejects these rows{_reason(exc, X)}") from exc
        return MethodResults(results, SCIKIT_LEARN)


def _reason(exc: Exception, X: Any) -> str:
    """Return the estimator's message, if it repeats nothing of the rows."""
    message = str(exc).strip().partition("\n")[0]
    if not message or REPEATED.search(HARMLESS.sub("", message)):
        return "."
    X = X.to_numpy() if hasattr(X, "to_numpy") else X
    values = X.ravel() if isinstance(X, np.ndarray) else X.data  # of a sparse matrix
    if any(isinstance(value, str) and value in message for value in values.tolist()):
        return "."
    return f": {message.rstrip('.')}."
