"""The rows of access: tokens, and failures to sign in."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Token(models.Model):
    """A secret that stands for its user until it expires; to revoke it is to delete it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=64, help_text="What it is for, such as the program's name.")
    hash = models.CharField("SHA-256", max_length=64, unique=True, editable=False)
    prefix = models.CharField(
        max_length=16, editable=False, help_text="How the secret begins, to tell it from others."
    )
    created_at = models.DateTimeField("created", auto_now_add=True)
    expires_at = models.DateTimeField("expires", null=True, blank=True, help_text="Empty: never.")
    last_used_at = models.DateTimeField(
        "last used", null=True, editable=False, help_text="To the minute."
    )

    # No column: only a token that was made a moment ago has it, to be shown once.
    secret = ""

    class Meta:
        ordering = ("user", "name")
        constraints = (
            models.UniqueConstraint(fields=("user", "name"), name="one_token_of_each_name"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


class SignInFailures(models.Model):
    """How often signing in has failed lately: from an address, as a user, or as one from one."""

    key = models.CharField(max_length=64, primary_key=True, editable=False)
    subject = models.CharField(max_length=255)
    failures = models.PositiveIntegerField()
    until = models.DateTimeField("counted until", db_index=True)

    class Meta:
        ordering = ("-until",)
        verbose_name = verbose_name_plural = "failures to sign in"

    def __str__(self) -> str:
        return self.subject
