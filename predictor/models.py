"""Tables of the registry: registered models, their versions, and the audit log."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from predictor.core.model_name import NAME, NAME_RULE


class RegisteredModel(models.Model):
    """A named model, which has versions."""

    name = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(rf"\A{NAME}\Z", NAME_RULE)],
        help_text="The name in the URL.",
    )
    description = models.TextField(blank=True, help_text="Description for users.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        permissions = (("predict", "Can predict with registered models"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(name__regex=rf"\A{NAME}\Z"), name="name_fits_address"
            ),
        )

    def __str__(self) -> str:
        return self.name


class ModelVersion(models.Model):
    """A fitted estimator of a model.

    Only its state, its engines and `purged_at` change after registration; see `predictor.triggers`.
    """

    class State(models.TextChoices):
        """Use of a version: live, ready to become live, or out of service."""

        LIVE = "live"
        READY = "ready"
        RETIRED = "retired"

    model = models.ForeignKey(RegisteredModel, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(help_text="Numbered from 1 in each model.")
    state = models.CharField(max_length=7, choices=State, default=State.READY)
    artifact = models.CharField(max_length=100, help_text="File name.")
    format = models.CharField(max_length=16, help_text="File format.")
    estimator = models.CharField(
        max_length=200, blank=True, help_text="Class of the estimator, and of a pipeline's steps."
    )
    parts = models.JSONField(
        default=list, blank=True, help_text="The estimator and those inside of it, with parameters."
    )
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(help_text="Size of the artifact in bytes.")
    signature = models.JSONField(help_text="Columns and outputs.")
    metrics = models.JSONField(default=dict, blank=True, help_text="Quality, such as accuracy.")
    evaluation = models.JSONField(
        default=dict, blank=True, help_text="Quality on test data; empty without test data."
    )
    fitted_with = models.JSONField(
        default=dict, blank=True, help_text="Software versions that fitted the estimator."
    )
    any_version = models.BooleanField(
        default=False, help_text="Whether other versions of scikit-learn may run the estimator."
    )
    source = models.CharField(max_length=200, blank=True, help_text="Origin of the file.")
    notes = models.TextField(blank=True, help_text="Notes for users.")
    engines = models.JSONField(
        default=dict,
        blank=True,
        help_text="Engine of each method, with its verification and times.",
    )
    compiled = models.CharField(
        "SHA-256 of the compiled estimator",
        max_length=64,
        blank=True,
        help_text="The file lies beside the artifact. Empty if there is none.",
    )
    use_compiled = models.BooleanField(
        "use the compiled estimator",
        default=True,
        help_text="If not, scikit-learn runs the version.",
    )
    purged_at = models.DateTimeField(
        null=True, blank=True, help_text="Time when the files of the version were deleted."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    upload_key = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        unique=True,
        editable=False,
        help_text="Hash of the form of a page and its content, which is registered only once.",
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
            models.CheckConstraint(
                condition=Q(sha256__regex=r"\A[0-9a-f]{64}\Z"), name="sha256_in_hex"
            ),
            models.CheckConstraint(condition=Q(size__gte=1), name="artifact_not_empty"),
            models.CheckConstraint(
                condition=Q(compiled__regex=r"\A([0-9a-f]{64})?\Z"), name="compiled_in_hex"
            ),
            models.CheckConstraint(
                condition=Q(purged_at=None) | Q(state="retired"), name="purged_if_retired"
            ),
        )

    def __str__(self) -> str:
        return f"{self.model} {self.version}"


class Event(models.Model):
    """An entry of the audit log. It is never changed or deleted."""

    class Kind(models.TextChoices):
        """Kind of change."""

        REGISTRATION = "registration"
        PROMOTION = "promotion"
        ROLLBACK = "rollback"
        RESET = "reset"
        RETIREMENT = "retirement"
        UNPUBLISHING = "unpublishing"
        PURGE = "purge"

    model = models.ForeignKey(RegisteredModel, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    # A name, not a foreign key: deleting a user must not change the audit log.
    by = models.CharField(
        max_length=150, blank=True, help_text="User name; empty for the command line."
    )
    at = models.DateTimeField(auto_now_add=True)
    from_version = models.ForeignKey(
        ModelVersion, models.PROTECT, null=True, blank=True, related_name="+"
    )
    to_version = models.ForeignKey(
        ModelVersion, models.PROTECT, null=True, blank=True, related_name="+"
    )
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    kind__in=(
                        "registration",
                        "promotion",
                        "rollback",
                        "reset",
                        "retirement",
                        "unpublishing",
                        "purge",
                    )
                ),
                name="known_kind",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind="registration", from_version=None, to_version__isnull=False)
                    | Q(
                        kind__in=("retirement", "unpublishing", "purge"),
                        from_version__isnull=False,
                        to_version=None,
                    )
                    | Q(kind__in=("promotion", "rollback", "reset"), to_version__isnull=False)
                ),
                name="versions_fit_kind",
            ),
            models.CheckConstraint(
                condition=Q(from_version=None)
                | Q(to_version=None)
                | ~Q(from_version=F("to_version")),
                name="from_one_version_to_another",
            ),
            models.UniqueConstraint(
                fields=("to_version",),
                condition=Q(kind="registration"),
                name="registered_once",
            ),
            models.UniqueConstraint(
                fields=("from_version",), condition=Q(kind="retirement"), name="retired_once"
            ),
            models.UniqueConstraint(
                fields=("from_version",), condition=Q(kind="purge"), name="purged_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.to_version or self.from_version}"
