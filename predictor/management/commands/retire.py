"""Take a version of a model out of service for good."""

from argparse import ArgumentParser
from typing import Any

from predictor import registry
from predictor.management.messages import RegistryCommand, number


class Command(RegistryCommand):
    help = "Takes a version out of service for good: never live or asked again. Its file stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("version")
        parser.add_argument("--why", default="", help="A reason, for the record.")

    def handle(self, *, name: str, version: str, why: str, **_options: Any) -> None:
        retired = registry.retire(registry.version(name, number(version)), why=why)
        self.stdout.write(f"Version {retired.version} of {name} is retired.")
