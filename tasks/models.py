"""Database models of the task list."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models.functions import Length, Trim
from django.db.models.lookups import Exact, LessThanOrEqual
from django.utils import timezone

ORDERING_FIELDS = ("created_at", "updated_at", "due_at", "priority", "title")

MAX_TITLE_LENGTH, MAX_DESCRIPTION_LENGTH = 200, 10_000  # characters


class Priority(models.IntegerChoices):
    """Importance of a task."""

    LOW = 1
    NORMAL = 2
    HIGH = 3
    URGENT = 4


def is_due_before(time: datetime) -> models.Q:
    """Return the condition of open tasks that are due before a time."""
    # `done IN (0)`: SQLite uses no index for Django's `NOT done`.
    return models.Q(done__in=[False], due_at__lt=time)


class TaskQuerySet(models.QuerySet["Task"]):
    """Bulk updates that keep the timestamps consistent."""

    def set_done(self, *, done: bool) -> int:
        """Mark the open tasks as done, or the done tasks as open; return their number."""
        now = timezone.now()
        changing = self.filter(done=not done)
        return changing.update(done=done, completed_at=now if done else None, updated_at=now)


class Task(models.Model):
    """A task."""

    title = models.CharField(
        max_length=MAX_TITLE_LENGTH, help_text="Short description of the task."
    )
    description = models.TextField(
        blank=True, max_length=MAX_DESCRIPTION_LENGTH, help_text="Details."
    )
    done = models.BooleanField(default=False, help_text="Whether it is done.")
    priority = models.PositiveSmallIntegerField(
        choices=Priority, default=Priority.NORMAL, help_text="From 1 (low) to 4 (urgent)."
    )
    due_at = models.DateTimeField(
        "due date", null=True, blank=True, help_text="When it has to be done, in UTC."
    )
    created_at = models.DateTimeField(
        "created", editable=False, help_text="When the task was made."
    )
    updated_at = models.DateTimeField(
        "updated", editable=False, help_text="When the task was last changed."
    )
    completed_at = models.DateTimeField(
        "completed",
        null=True,
        blank=True,
        editable=False,
        help_text="When it was marked done; empty while it is not.",
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            # One index per ordering; the database reads it backwards for the descending one.
            *(models.Index(fields=[name, "id"], name=f"task_{name}") for name in ORDERING_FIELDS),
            # The same for the `done` filter: without them, a list of the few open tasks scans
            # all tasks.
            models.Index(fields=["done", "id"], name="task_done"),
            *(
                models.Index(fields=["done", name, "id"], name=f"task_done_{name}")
                for name in ORDERING_FIELDS
            ),
            # For the overdue tasks of a priority.
            models.Index(
                fields=["done", "priority", "due_at", "id"], name="task_done_priority_due_at"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="task_title_not_blank",
                condition=~models.Q(Exact(Trim("title"), "")),
                violation_error_message="The title may not be blank.",
            ),
            models.CheckConstraint(
                name="task_title_not_too_long",  # SQLite does not enforce max_length
                condition=models.Q(LessThanOrEqual(Length("title"), MAX_TITLE_LENGTH)),
                violation_error_message=f"The title has at most {MAX_TITLE_LENGTH} characters.",
            ),
            models.CheckConstraint(
                name="task_priority_known",
                condition=models.Q(priority__in=Priority.values),
                violation_error_message="The priority is an integer from 1 to 4.",
            ),
            models.CheckConstraint(
                name="task_done_has_completed_at",
                condition=models.Q(done=True, completed_at__isnull=False)
                | models.Q(done=False, completed_at__isnull=True),
                violation_error_message="A task that is done, and no other, has completed_at.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save the task and set its timestamps."""
        self.stamp()
        if update_fields is not None:
            update_fields = {*update_fields, "updated_at"}
            if "done" in update_fields:  # otherwise another writer may have set completed_at
                update_fields.add("completed_at")
        super().save(update_fields=update_fields, **kwargs)

    def stamp(self) -> None:
        """Set the timestamps for a save at this moment."""
        self.updated_at = timezone.now()
        if self._state.adding:
            self.created_at = self.updated_at
        if not self.done:
            self.completed_at = None
        elif self.completed_at is None:
            self.completed_at = self.updated_at


class IdempotencyKey(models.Model):
    """An idempotency key and the tasks that were created with it."""

    owner = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    # Not foreign keys: a deleted task must be recognised as deleted.
    task_ids = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_created_at")]
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="idempotency_one_per_owner")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.owner}"
