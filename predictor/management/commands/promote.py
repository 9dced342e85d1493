"""Make a version of a model the live one."""

from argparse import ArgumentParser
from typing import Any

from predictor import registry
from predictor.management.messages import RegistryCommand, number


class Command(RegistryCommand):
    help = "Makes a version of a model the live one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("version")
        parser.add_argument("--why", default="", help="A reason, for the record.")

    def handle(self, *, name: str, version: str, why: str, **_options: Any) -> None:
        self.say_live(registry.promote(registry.version(name, number(version)), why=why))
