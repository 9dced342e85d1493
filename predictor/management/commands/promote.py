"""Make a version live."""

from predictor import registry
from predictor.management.registry_command import VersionCommand


class Command(VersionCommand):
    help = "Makes a version of a model live."
    change = staticmethod(registry.promote)
