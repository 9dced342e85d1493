"""Train a bundled model."""

from argparse import ArgumentParser
from typing import Any

from predictor import recipes, registry
from predictor.management.registry_command import RegistryCommand, format_metrics


class Command(RegistryCommand):
    help = "Trains a bundled model, registers it as a new version and makes it live."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help=f"The model: {', '.join(recipes.RECIPES)}.")
        parser.add_argument(
            "--if-missing", action="store_true", help="Train only if the model has no live version."
        )

    def handle(self, *, name: str, if_missing: bool, **_options: Any) -> None:
        before = registry.live_versions().get(name)
        version = registry.train(name, if_missing=if_missing)
        if version.version == before:
            self.stdout.write(f"Version {before} of {name} is live already.")
            return
        metrics = format_metrics(version.metrics)
        self.stdout.write(f"Version {version.version} of {name} is live ({metrics}).")
