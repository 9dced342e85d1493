"""The registry's rows: which models there are, in which versions, and which of them is live."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
NAME_RULE = "Small letters, digits, - and _, at most 64, a letter or digit first."


class RegisteredModel(models.Model):
    """A model under its name."""

    name = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(rf"\A{NAME}\Z", NAME_RULE)],
        help_text="The name in its address.",
    )
    description = models.TextField(blank=True, help_text="What it is, for people.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        permissions = (("predict", "Can predict with registered models"),)

    def __str__(self) -> str:
        return self.name


class ModelVersion(models.Model):
    """One fitted estimator of a model. Its artifact never changes."""

    class State(models.TextChoices):
        """What a version is for."""

        LIVE = "live"
        READY = "ready"
        RETIRED = "retired"

    model = models.ForeignKey(RegisteredModel, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(help_text="From 1 for each model.")
    state = models.CharField(max_length=7, choices=State, default=State.READY)
    sha256 = models.CharField("SHA-256", max_length=64)
    signature = models.JSONField(help_text="The columns it takes and the outputs it gives.")
    metrics = models.JSONField(default=dict, help_text="How good it was found to be.")
    fitted_with = models.JSONField(default=dict, help_text="The software that fitted it.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("model", "version")
        constraints = (
            models.UniqueConstraint(fields=("model", "version"), name="one_of_each_version"),
            models.UniqueConstraint(
                fields=("model",), condition=Q(state="live"), name="one_live_version"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="versions_from_1"),
            models.CheckConstraint(
                condition=Q(state__in=("live", "ready", "retired")), name="known_state"
            ),
        )

    def __str__(self) -> str:
        return f"{self.model} {self.version}"
