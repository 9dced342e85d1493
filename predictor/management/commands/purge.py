"""Delete the files of a retired version."""

from predictor import registry
from predictor.management.registry_command import VersionCommand
from predictor.models import ModelVersion


class Command(VersionCommand):
    help = "Deletes the files of a retired version. This cannot be undone."
    change = staticmethod(registry.purge)

    def report_state(self, version: ModelVersion) -> None:
        """Print that the files are deleted."""
        self.stdout.write(f"The files of version {version.version} of {version.model} are deleted.")
