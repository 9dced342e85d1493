"""Check every artifact against what was registered."""

from typing import Any

from django.core.management.base import CommandError

from predictor import registry
from predictor.management.messages import RegistryCommand


class Command(RegistryCommand):
    help = "Checks every artifact against its SHA-256. Says what is wrong, and repairs nothing."

    def handle(self, **_options: Any) -> None:
        wrong = checked = 0
        for version, problem in registry.verify():
            self.stdout.write(problem or f"{version.model.name}/{version.version} is whole.")
            wrong += bool(problem)
            checked += 1
        if wrong:
            raise CommandError(f"{wrong} of {checked} artifacts are not what was registered.")
