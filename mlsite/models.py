"""Models of accounts: tokens and failed logins."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Token(models.Model):
    """A secret that authenticates its user until it expires; deleting it revokes it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=64, help_text="Its purpose, such as the program's name.")
    hash = models.CharField("SHA-256", max_length=64, unique=True, editable=False)
    prefix = models.CharField(
        max_length=16, editable=False, help_text="First characters of the secret."
    )
    created_at = models.DateTimeField("created", auto_now_add=True)
    expires_at = models.DateTimeField("expires", null=True, blank=True, help_text="Empty: never.")
    last_used_at = models.DateTimeField(
        "last used", null=True, editable=False, help_text="To the minute."
    )

    # Not a column: only a new token has its secret, which is shown once.
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
        """Whether the expiry time has passed."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


class SignInFailures(models.Model):
    """Recent failed logins of an address, of a user, or of a user from an address."""

    key = models.CharField(max_length=64, primary_key=True, editable=False)
    subject = models.CharField(max_length=255)
    failures = models.PositiveIntegerField()
    until = models.DateTimeField("counted until", db_index=True)

    class Meta:
        ordering = ("-until",)
        verbose_name = verbose_name_plural = "failed logins"

    def __str__(self) -> str:
        return self.subject
