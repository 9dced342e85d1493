"""Base class of the registry's commands, and the parsing of their arguments."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from predictor.core.errors import PredictorError
from predictor.models import ModelVersion


class RegistryCommand(BaseCommand):
    """A command whose expected errors are one sentence and exit code 1."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command; report expected errors as a `CommandError`."""
        try:
            return super().execute(*args, **options)
        except PredictorError as exc:
            raise CommandError(str(exc)) from exc
        except OSError as exc:
            raise CommandError(f"{exc.filename or 'A file'}: {exc.strerror}.") from exc
        except DatabaseError as exc:
            raise CommandError(
                f"The registry cannot be read ({exc}). If its tables are missing, "
                "run: python manage.py migrate."
            ) from exc

    def report_live(self, version: ModelVersion) -> None:
        """Print which version is live."""
        self.stdout.write(f"Version {version.version} of {version.model} is live.")


def parse_version(text: str) -> int:
    """Return the number of a version from the command line."""
    if not (text.isascii() and text.isdecimal()):
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


def format_metrics(values: dict[str, Any]) -> str:
    """Return metrics as a line of text."""
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())
