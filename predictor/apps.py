"""The prediction service."""

from functools import cached_property
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from predictor import triggers

if TYPE_CHECKING:
    from predictor.runtime.store import Store


class PredictorConfig(AppConfig):
    """Fitted estimators, served. Owns the store of loaded models."""

    name = "predictor"

    def ready(self) -> None:
        """Have the database hold what constraints cannot say."""
        pre_migrate.connect(triggers.drop, sender=self)
        post_migrate.connect(triggers.install, sender=self)

    @cached_property
    def store(self) -> "Store":
        """The models of this process, loaded when first asked for: never by `ready()`."""
        from predictor.runtime.store import Store  # noqa: PLC0415 - rows cannot be imported before apps

        store = Store()
        store.refresh()
        return store
