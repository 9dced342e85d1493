"""How each bundled model is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from predictor.core.errors import Conflict
from predictor.core.signature import Column

RECIPES = ("iris", "penguins")


@dataclass(frozen=True)
class Fitted:
    """What a recipe gives: the estimator, the rows it was fitted on, and how good it is.

    Parameters
    ----------
    estimator : estimator
    X : array or DataFrame of shape (n_samples, n_features)
    columns : sequence of Column
    description : str
        What the model is, for its card.
    metrics : mapping of str to float
    """

    estimator: Any
    X: Any
    columns: Sequence[Column]
    description: str
    metrics: Mapping[str, float] = field(default_factory=dict)


def fit(name: str) -> Fitted:
    """Train the bundled model of that name.

    Raises
    ------
    Conflict
        There is no recipe for it.
    """
    if name not in RECIPES:
        raise Conflict(
            f"There is no recipe for {name} here; there is one for {', '.join(RECIPES)}."
        )
    fitted: Fitted = import_module(f"predictor.recipes.{name}").fit()
    return fitted
