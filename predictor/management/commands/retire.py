"""Take a version out of service permanently."""

from predictor import registry
from predictor.management.registry_command import VersionCommand


class Command(VersionCommand):
    help = "Takes a version out of service permanently. Its file stays."
    change = staticmethod(registry.retire)
