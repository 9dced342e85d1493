"""Base classes of the registry's commands, and the parsing of their arguments."""

import re
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from predictor import registry
from predictor.core.errors import ModelNotFound, PredictorError
from predictor.models import ModelVersion
from predictor.registry import storage


class RegistryCommand(BaseCommand):
    """A command whose expected errors are one sentence and exit code 1."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command; report expected errors as a `CommandError`."""
        try:
            with storage.longer_waits():
                return super().execute(*args, **options)
        except ModelNotFound as exc:
            raise CommandError(f"{exc}{exc.hint}") from exc
        except PredictorError as exc:
            raise CommandError(str(exc)) from exc
        except OSError as exc:
            raise CommandError(f"{exc.filename or 'A file'}: {exc.strerror}.") from exc
        except DatabaseError as exc:
            raise CommandError(
                f"The registry cannot be read ({exc}). Run this command in the directory of the "
                "site. `migrate` makes missing tables."
            ) from exc

    def report_state(self, version: ModelVersion) -> None:
        """Print the state of a version."""
        self.stdout.write(f"Version {version.version} of {version.model} is {version.state}.")


class ModelCommand(RegistryCommand):
    """A change of the live version of a model, with a reason for the audit log."""

    change: Callable[..., ModelVersion]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--why", default="", help="Reason for the audit log.")

    def handle(self, *, name: str, why: str, **_options: Any) -> None:
        self.report_state(self.change(name, why=why))


class VersionCommand(ModelCommand):
    """A change of the state of one version, with a reason for the audit log."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("version")

    def handle(self, *, name: str, version: str, why: str, **_options: Any) -> None:  # type: ignore[override]  # one more argument
        row = registry.version(name, parse_version(version))
        self.report_state(self.change(row, why=why))


def parse_version(text: str) -> int:
    """Return the number of a version from the command line."""
    if not re.fullmatch("[0-9]{1,9}", text):
        raise CommandError(f"A version is a number from 1; got {text!r}.")
    return int(text)


def parse_metrics(texts: list[str]) -> dict[str, float]:
    """Return the metrics from NAME=NUMBER arguments."""
    parsed = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            parsed[name] = float(value)
        except ValueError as exc:
            raise CommandError(
                f"--metric takes NAME=NUMBER, such as accuracy=0.93; got {text!r}."
            ) from exc
    return parsed


def parse_texts(option: str, texts: list[str]) -> dict[str, str]:
    """Return the texts from NAME=TEXT arguments."""
    parsed = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise CommandError(
                f"{option} takes NAME=TEXT, such as bmi='Body mass index'; got {text!r}."
            )
        parsed[name] = value
    return parsed


def format_metrics(values: dict[str, Any]) -> str:
    """Return metrics as a line of text."""
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())
