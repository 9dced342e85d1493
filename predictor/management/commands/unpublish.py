"""Leave a model without a live version."""

from typing import Any

from predictor import registry
from predictor.management.registry_command import ModelCommand


class Command(ModelCommand):
    help = "Leaves a model without a live version. Reverse it with rollback or promote."

    def handle(self, *, name: str, why: str, **_options: Any) -> None:
        version = registry.unpublish(name, why=why)
        if version:
            self.report_state(version)
        self.stdout.write(f"{name} has no live version.")
