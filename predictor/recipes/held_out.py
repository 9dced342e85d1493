"""Evaluation of a bundled model on rows that are held out of its data."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from predictor.core.evaluation.evaluate import evaluate
from predictor.core.evaluation.holdout import Holdout
from predictor.core.signature import Signature

SHARE = 0.3
SEED = 0

NOTE = (
    f"A model of the same kind was evaluated: it was fitted on {1 - SHARE:.0%} of the data, and "
    "these are the other rows. The served model is fitted on all rows."
)


@dataclass(frozen=True)
class HeldOut:
    """A model of the same kind as a bundled model, and labelled rows that it was not fitted on."""

    estimator: Any
    X: Any
    y: Any
    target: str

    def evaluate(self, signature: Signature) -> dict[str, Any]:
        """Return the evaluation, given the signature of the bundled model."""
        labels = list(signature.classes or ())
        y = np.array([[labels.index(label)] for label in self.y.tolist()])
        evaluation = evaluate(self.estimator, signature, Holdout(self.X, y, (self.target,)))
        return evaluation | {"notes": [NOTE, *evaluation["notes"]]}


def hold_out(estimator: Any, X: Any, y: Any, target: str) -> HeldOut:
    """Fit a copy of a classifier on a part of the rows, with the classes in equal shares."""
    X_fit, X_rest, y_fit, y_rest = train_test_split(
        X, y, test_size=SHARE, random_state=SEED, stratify=y
    )
    return HeldOut(clone(estimator).fit(X_fit, y_fit), X_rest, y_rest, target)
