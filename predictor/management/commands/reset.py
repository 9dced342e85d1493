"""Make the lowest version of a model live."""

from predictor import registry
from predictor.management.registry_command import ModelCommand


class Command(ModelCommand):
    help = "Makes the lowest version that is not retired live. Nothing is deleted."
    change = staticmethod(registry.reset)
