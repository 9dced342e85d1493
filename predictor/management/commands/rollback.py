"""Make the previous live version of a model live again."""

from predictor import registry
from predictor.management.registry_command import ModelCommand


class Command(ModelCommand):
    help = "Makes the previous live version live again. Repeat it to go further back."
    change = staticmethod(registry.rollback)
