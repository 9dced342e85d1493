"""Training of the bundled models."""

from typing import TYPE_CHECKING

from predictor import recipes
from predictor.models import ModelVersion
from predictor.registry import queries
from predictor.registry.lifecycle import promote
from predictor.registry.registration import register

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def train(name: str, *, if_missing: bool = False, by: "User | None" = None) -> ModelVersion:
    """Fit a bundled model anew, register the version and make it live; return the live version.

    Parameters
    ----------
    name : str
    if_missing : bool
        Train only if the model has no live version.
    by : User, optional
        Who asked for it.

    Raises
    ------
    ModelNotFound
        There is no such model, and no recipe of that name either.
    Conflict
        The model is there, but not one of those that are trained here.
    """
    if name not in recipes.RECIPES:
        queries.find(name)
    if if_missing and (number := queries.live_versions().get(name)):
        return queries.version(name, number)
    return promote(register(name, recipes.fit(name), by=by), by=by)
