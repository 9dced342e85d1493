"""Register what lies in MODELS_DIR and the database does not know."""

from typing import Any

from django.core.management.base import CommandError

from predictor import registry
from predictor.management.messages import RegistryCommand


class Command(RegistryCommand):
    help = (
        "Registers the versions that lie in MODELS_DIR and the database does not know: put there "
        "by hand, or left when the database was lost. Makes none of them live."
    )

    def handle(self, **_options: Any) -> None:
        outcomes = []
        for sentence, well in registry.sync():
            self.stdout.write(sentence)
            outcomes.append(well)
        if not outcomes:
            self.stdout.write("Every version in MODELS_DIR is registered.")
        for name in registry.without_live():
            self.stdout.write(f"{name} has no live version: `promote {name} VERSION` makes one.")
        if failed := outcomes.count(False):
            raise CommandError(f"{failed} could not be registered.")
