"""Delete the files of a retired version."""

from typing import Any

from predictor import registry
from predictor.management.registry_command import VersionCommand, parse_version


class Command(VersionCommand):
    help = "Deletes the files of a retired version. This cannot be undone."

    def handle(self, *, name: str, version: str, why: str, **_options: Any) -> None:
        row = registry.purge(registry.version(name, parse_version(version)), why=why)
        self.stdout.write(f"The files of version {row.version} of {name} are deleted.")
