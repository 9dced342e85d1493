"""Arrays that estimators give, made into answers of plain values."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Keys(NamedTuple):
    """Where a method's answer stands: for one row, and for many."""

    one: str
    many: str


# The methods of an estimator that are served, first choice first.
METHODS = {
    "predict": Keys("prediction", "predictions"),
    "predict_proba": Keys("probabilities", "probabilities"),
    "decision_function": Keys("decision", "decisions"),
    "transform": Keys("transformed", "transformed"),
    "score_samples": Keys("score", "scores"),
}


def answer(
    results: Mapping[str, Array], classes: Sequence[Any] | None, *, alone: bool
) -> dict[str, Any]:
    """Return what the methods gave, as plain values under each method's key.

    Parameters
    ----------
    results : mapping of str to array of shape (n_samples,) or (n_samples, n_outputs)
        What each method returned.
    classes : sequence, optional
        The labels, in the order of the columns of `predict_proba`.
    alone : bool
        Whether the request was one row, and so is the answer.
    """
    answers: dict[str, Any] = {}
    for method, values in results.items():
        plain = _by_class(values, classes) if method == "predict_proba" else values.tolist()
        keys = METHODS[method]
        if alone:
            answers[keys.one] = plain[0]
        else:
            answers[keys.many] = plain
    return answers


def _by_class(values: Array, classes: Sequence[Any] | None) -> list[dict[str, float]]:
    labels = [str(label) for label in classes or range(np.shape(values)[1])]
    return [dict(zip(labels, row, strict=True)) for row in values.tolist()]
