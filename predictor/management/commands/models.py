"""List every version of every model."""

from typing import Any

from predictor.management.registry_command import RegistryCommand, format_metrics
from predictor.models import ModelVersion

HEADINGS = ("MODEL", "VERSION", "STATE", "FORMAT", "BYTES", "REGISTERED", "METRICS")


class Command(RegistryCommand):
    help = "Lists every version of every model in a table."

    def handle(self, **_options: Any) -> None:
        versions = ModelVersion.objects.select_related("model").order_by("model__name", "version")
        rows = [HEADINGS, *map(cells, versions)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(padded).rstrip())


def cells(version: ModelVersion) -> tuple[str, ...]:
    """Return the table row of a version."""
    return (
        version.model.name,
        str(version.version),
        version.state,
        version.format,
        "purged" if version.purged_at else f"{version.size:,}",
        f"{version.created_at:%Y-%m-%d %H:%M}",
        format_metrics(version.metrics),
    )
