"""Take a version out of service permanently."""

from argparse import ArgumentParser
from typing import Any

from predictor import registry
from predictor.management.registry_command import RegistryCommand, parse_version


class Command(RegistryCommand):
    help = "Takes a version out of service permanently. Its file stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("version")
        parser.add_argument("--why", default="", help="Reason for the audit log.")

    def handle(self, *, name: str, version: str, why: str, **_options: Any) -> None:
        retired = registry.retire(registry.version(name, parse_version(version)), why=why)
        self.stdout.write(f"Version {retired.version} of {name} is retired.")
