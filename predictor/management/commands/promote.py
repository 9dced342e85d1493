"""Make a version live."""

from argparse import ArgumentParser
from typing import Any

from predictor import registry
from predictor.management.registry_command import RegistryCommand, parse_version


class Command(RegistryCommand):
    help = "Makes a version of a model live."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("version")
        parser.add_argument("--why", default="", help="Reason for the audit log.")

    def handle(self, *, name: str, version: str, why: str, **_options: Any) -> None:
        self.report_live(registry.promote(registry.version(name, parse_version(version)), why=why))
