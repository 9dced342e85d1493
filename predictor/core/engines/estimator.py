"""A fitted estimator, run as it is."""

import re
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np

from predictor.core.engines.engine import Answers, ran
from predictor.core.errors import InvalidInput
from predictor.core.input_builders import unwrapped

SCIKIT_LEARN = "scikit-learn"

# What may stand in an estimator's sentence though it is quoted or has digits.
HARMLESS = re.compile(r"dtype\('\w+'\)")
# What a sentence may repeat of the rows: numbers, quoted strings, lists.
REPEATED = re.compile(r"[\d'\"\[\]{}]")


class ScikitLearn:
    """The estimator itself."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def name(self, n_samples: int) -> str:  # noqa: ARG002 - an engine's
        """Return what runs everything."""
        return SCIKIT_LEARN

    def compiles(self, method: str, n_samples: int) -> bool:  # noqa: ARG002 - an engine's
        """Return that nothing is."""
        return False

    def run(self, methods: Sequence[str], X: Any) -> Answers:
        """Return what each of the methods of the estimator gives.

        Parameters
        ----------
        methods : sequence of str
            Methods out of the signature.
        X : array, Frame, DataFrame or sparse matrix of shape (n_samples, n_features)

        Raises
        ------
        InvalidInput
            The estimator refuses the rows.
        """
        X = unwrapped(X)
        estimator = self.estimator
        try:
            results = {method: getattr(estimator, method)(X) for method in methods}
        except (ValueError, OverflowError, NotImplementedError) as exc:
            raise InvalidInput(f"The model refuses these rows{_reason(exc, X)}") from exc
        return ran(results, SCIKIT_LEARN)


class LazyEstimator(ScikitLearn):
    """An estimator that is read when something asks for it: a form answers nearly everything.

    Parameters
    ----------
    read : callable
        Returns the estimator; it may take seconds, most of them to import scikit-learn.
    """

    def __init__(self, read: Callable[[], Any]) -> None:
        self._read = read
        self._reading = Lock()
        self._estimator: Any = None

    @property
    def estimator(self) -> Any:
        """The estimator, read once."""
        if self._estimator is None:
            with self._reading:
                if self._estimator is None:
                    self._estimator = self._read()
        return self._estimator


def _reason(exc: Exception, X: Any) -> str:
    """Return the estimator's own sentence where it repeats nothing of the rows."""
    sentence = str(exc).strip().partition("\n")[0]
    if not sentence or REPEATED.search(HARMLESS.sub("", sentence)):
        return "."
    values = X.to_numpy().ravel() if hasattr(X, "to_numpy") else np.ravel(getattr(X, "data", X))
    if any(isinstance(value, str) and value in sentence for value in values.tolist()):
        return "."
    return f": {sentence.rstrip('.')}."
