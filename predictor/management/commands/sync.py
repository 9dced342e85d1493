"""Register the versions in MODELS_DIR that are not in the database."""

from typing import Any

from django.core.management.base import CommandError

from predictor import registry
from predictor.management.registry_command import RegistryCommand


class Command(RegistryCommand):
    help = (
        "Registers the versions in MODELS_DIR that are not in the database: files put there by "
        "hand, or the versions of a lost database. Makes none of them live."
    )

    def handle(self, **_options: Any) -> None:
        outcomes = []
        for message, succeeded in registry.sync():
            self.stdout.write(message)
            outcomes.append(succeeded)
        if not outcomes:
            self.stdout.write("Every version in MODELS_DIR is registered.")
        for name in registry.models_without_live_version():
            self.stdout.write(
                f"{name} has no live version. To make one live: promote {name} VERSION"
            )
        if failed := outcomes.count(False):
            raise CommandError(f"{failed} versions could not be registered.")
