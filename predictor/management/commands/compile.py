"""Compile versions again, or switch their compiled estimators on or off."""

from argparse import ArgumentParser
from typing import Any

from predictor import registry
from predictor.management.registry_command import RegistryCommand, parse_version
from predictor.models import ModelVersion


class Command(RegistryCommand):
    help = (
        "Compiles the live versions of all models, all versions of one model, or one version. A "
        "compiled estimator is used if it is verified and faster."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?")
        parser.add_argument("version", nargs="?")
        switch = parser.add_mutually_exclusive_group()
        for option, value, runner in (
            ("--off", False, "scikit-learn alone"),
            ("--on", True, "their compiled estimators"),
        ):
            switch.add_argument(
                option,
                dest="use_compiled",
                action="store_const",
                const=value,
                help=f"Compile nothing; run the versions with {runner}.",
            )

    def handle(
        self, *, name: str | None, version: str | None, use_compiled: bool | None, **_options: Any
    ) -> None:
        for row in select_versions(name, version):
            if use_compiled is None:
                self.stdout.write(summary(registry.recompile_version(row)))
            else:
                registry.set_use_compiled(row, use_compiled=use_compiled)
                self.stdout.write(f"{row}: {registry.describe_engine(row)}")


def select_versions(name: str | None, version: str | None) -> list[ModelVersion]:
    """Return the versions of the arguments that are not retired."""
    if name and version:
        return [registry.callable_version(name, parse_version(version))]
    rows = ModelVersion.objects.select_related("model").order_by("model__name", "version")
    if name:
        return list(rows.filter(model=registry.find(name)).exclude(state="retired"))
    return list(rows.filter(state="live"))


def summary(row: ModelVersion) -> str:
    """Return a sentence about the engines of a version."""
    methods = [name for name, method in row.engines["methods"].items() if not method["reason"]]
    part = f" for {', '.join(methods)}" if registry.compiled_sha256(row) else ""
    return f"{row}: {registry.describe_engine(row)}{part}"
