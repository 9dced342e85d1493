"""Compare every artifact with its registered SHA-256."""

from typing import Any

from django.core.management.base import CommandError

from predictor import registry
from predictor.management.registry_command import RegistryCommand


class Command(RegistryCommand):
    help = "Compares every artifact with its registered SHA-256. Reports problems, repairs nothing."

    def handle(self, **_options: Any) -> None:
        n_wrong = n_checked = 0
        for version, problem in registry.verify():
            self.stdout.write(problem or f"{version.model.name}/{version.version} is unchanged.")
            n_wrong += bool(problem)
            n_checked += 1
        if n_wrong:
            raise CommandError(f"{n_wrong} of {n_checked} artifacts are missing or have changed.")
