"""Recipes that train the bundled models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from predictor.core.errors import Conflict
from predictor.core.signature import Column

if TYPE_CHECKING:
    from predictor.recipes.held_out import HeldOut

RECIPES = ("iris", "penguins")


@dataclass(frozen=True)
class Fitted:
    """Result of a recipe: the estimator, its training rows and its metrics.

    Parameters
    ----------
    estimator : estimator
    X : array or DataFrame of shape (n_samples, n_features)
    columns : sequence of Column
    description : str
        Description of the model for its card.
    metrics : mapping of str to float
    class_names : mapping of label to str
        Names of classes for pages.
    held_out : HeldOut, optional
        Rows for the evaluation of the model, and a model that was not fitted on them.
    """

    estimator: Any
    X: Any
    columns: Sequence[Column]
    description: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    class_names: Mapping[Any, str] = field(default_factory=dict)
    held_out: "HeldOut | None" = None


def check(name: str) -> None:
    """Check that the model has a recipe.

    Raises
    ------
    Conflict
        The model has no recipe.
    """
    if name not in RECIPES:
        raise Conflict(
            f"{name} is not a bundled model. The bundled models are {', '.join(RECIPES)}."
        )


def fit(name: str) -> Fitted:
    """Train the bundled model with this name; see `check`."""
    check(name)
    fitted: Fitted = import_module(f"predictor.recipes.{name}").fit()
    return fitted
