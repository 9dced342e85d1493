"""Compile versions again, or have them run by scikit-learn alone."""

from argparse import ArgumentParser
from typing import Any

from predictor import registry
from predictor.management.messages import RegistryCommand, number
from predictor.models import ModelVersion


class Command(RegistryCommand):
    help = (
        "Compiles versions where that is proven equal and faster: the live versions of every "
        "model, all versions of one, or one of them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?")
        parser.add_argument("version", nargs="?")
        switch = parser.add_mutually_exclusive_group()
        switch.add_argument(
            "--off",
            dest="use_compiled",
            action="store_const",
            const=False,
            help="Compile nothing; have scikit-learn alone run what is named.",
        )
        switch.add_argument(
            "--on",
            dest="use_compiled",
            action="store_const",
            const=True,
            help="Compile nothing; have the compiled forms run what is named.",
        )

    def handle(
        self, *, name: str | None, version: str | None, use_compiled: bool | None, **_options: Any
    ) -> None:
        for row in chosen(name, version):
            if use_compiled is None:
                self.stdout.write(told(registry.compile_anew(row)))
            else:
                registry.switch(row, use_compiled=use_compiled)
                runner = "its compiled form" if use_compiled and row.compiled else "scikit-learn"
                self.stdout.write(f"{row} is run by {runner}.")


def chosen(name: str | None, version: str | None) -> list[ModelVersion]:
    """Return the versions that are named, without the retired ones."""
    if name and version:
        return [registry.callable_version(name, number(version))]
    rows = ModelVersion.objects.select_related("model").order_by("model__name", "version")
    if name:
        return list(rows.filter(model=registry.find(name)).exclude(state="retired"))
    return list(rows.filter(state="live"))


def told(row: ModelVersion) -> str:
    """Return what became of a version, in a sentence."""
    engines = row.engines
    if not row.compiled:
        return f"{row} is run by scikit-learn. {engines['reason']}"
    methods = [name for name, found in engines["methods"].items() if not found["reason"]]
    return f"{row} is run by {engines['engine']}: {', '.join(methods)}."
