"""Return a model to the version that was live before."""

from argparse import ArgumentParser
from typing import Any

from predictor import registry
from predictor.management.messages import RegistryCommand


class Command(RegistryCommand):
    help = "Makes the version live again that was so before; done again, it goes further back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--why", default="", help="A reason, for the record.")

    def handle(self, *, name: str, why: str, **_options: Any) -> None:
        self.say_live(registry.rollback(name, why=why))
