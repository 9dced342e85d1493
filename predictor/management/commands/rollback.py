"""Make the previous live version of a model live again."""

from argparse import ArgumentParser
from typing import Any

from predictor import registry
from predictor.management.registry_command import RegistryCommand


class Command(RegistryCommand):
    help = "Makes the previous live version live again. Repeat it to go further back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--why", default="", help="Reason for the audit log.")

    def handle(self, *, name: str, why: str, **_options: Any) -> None:
        self.report_live(registry.rollback(name, why=why))
