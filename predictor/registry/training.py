"""Training of the bundled models."""

from typing import TYPE_CHECKING

from predictor import recipes
from predictor.models import ModelVersion
from predictor.registry import queries
from predictor.registry.lifecycle import promote
from predictor.registry.registration import register_recipe

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def train(name: str, *, if_missing: bool = False, by: "User | None" = None) -> ModelVersion:
    """Fit a bundled model, register it as a new version, make it live and return it.

    Parameters
    ----------
    name : str
    if_missing : bool
        Return the live version if there is one.
    by : User, optional
        The user for the audit log.

    Raises
    ------
    ModelNotFound
        There is no such model, and no such recipe.
    Conflict
        The model has no recipe.
    ArtifactError
        The training fails.
    """
    if name not in recipes.RECIPES:
        queries.find(name)
    if if_missing and (number := queries.live_versions().get(name)):
        return queries.version(name, number)
    recipes.check(name)
    return promote(register_recipe(name, by=by), by=by)
