"""The app configuration: database triggers around migrations."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from predictor import triggers


class PredictorConfig(AppConfig):
    """Serves fitted scikit-learn models."""

    name = "predictor"

    def ready(self) -> None:
        """Keep the triggers of the database up to date."""
        pre_migrate.connect(triggers.drop, sender=self)
        post_migrate.connect(triggers.install, sender=self)
