"""The prediction service."""

from functools import cached_property
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from predictor.store import Store


class PredictorConfig(AppConfig):
    """Fitted estimators, served. Owns the store of loaded models."""

    name = "predictor"

    @cached_property
    def store(self) -> "Store":
        """The models of this process, loaded when first asked for: never by `ready()`."""
        from predictor.store import Store  # noqa: PLC0415 - rows cannot be imported before apps

        store = Store()
        store.refresh()
        return store
