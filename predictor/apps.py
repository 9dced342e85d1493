"""The app configuration: system checks, and database triggers around migrations."""

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate, pre_migrate

from predictor import triggers
from predictor.checks import check_site


class PredictorConfig(AppConfig):
    """Serves fitted scikit-learn models."""

    name = "predictor"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and keep the triggers of the database up to date."""
        checks.register(check_site)
        pre_migrate.connect(triggers.drop, sender=self)
        post_migrate.connect(triggers.install, sender=self)
