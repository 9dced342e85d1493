"""Tasks, as rows."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models.functions import Length, Trim
from django.db.models.lookups import Exact, LessThanOrEqual
from django.utils import timezone

ORDERED_BY = ("created_at", "updated_at", "due_at", "priority", "title")


LONGEST_TITLE, LONGEST_DESCRIPTION = 200, 10_000  # in characters


class Priority(models.IntegerChoices):
    """How much a task matters."""

    LOW = 1
    NORMAL = 2
    HIGH = 3
    URGENT = 4


class TaskQuerySet(models.QuerySet["Task"]):
    """Changes to many tasks at once that keep their times true."""

    def mark_done(self) -> int:
        """Mark those done that are not, and return how many."""
        now = timezone.now()
        return self.filter(done=False).update(done=True, completed_at=now, updated_at=now)

    def mark_not_done(self) -> int:
        """Mark those not done that are, and return how many."""
        return self.filter(done=True).update(
            done=False, completed_at=None, updated_at=timezone.now()
        )


class Task(models.Model):
    """Something to do."""

    title = models.CharField(max_length=LONGEST_TITLE, help_text="What there is to do.")
    description = models.TextField(
        blank=True, max_length=LONGEST_DESCRIPTION, help_text="Anything worth adding."
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
            # One behind each ordering; read backwards, it serves the descending one.
            *(models.Index(fields=[name, "id"], name=f"task_{name}") for name in ORDERED_BY),
            # And of the tasks that are done, or are not: without these, the few that are left to
            # do would be looked for among all that ever were.
            models.Index(fields=["done", "id"], name="task_done"),
            *(
                models.Index(fields=["done", name, "id"], name=f"task_done_{name}")
                for name in ORDERED_BY
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="task_title_not_blank",
                condition=~models.Q(Exact(Trim("title"), "")),
                violation_error_message="The title may not be blank.",
            ),
            models.CheckConstraint(
                name="task_title_not_too_long",  # SQLite takes any
                condition=models.Q(LessThanOrEqual(Length("title"), LONGEST_TITLE)),
                violation_error_message=f"The title has at most {LONGEST_TITLE} characters.",
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
        """Save the task, with the times that follow from its state."""
        self.stamp()
        if update_fields is not None:
            update_fields = {*update_fields, "updated_at"}
            if "done" in update_fields:  # else completed_at is for another writer to set
                update_fields.add("completed_at")
        super().save(update_fields=update_fields, **kwargs)

    def stamp(self) -> None:
        """Set the times that follow from the task's being written now, as it is."""
        self.updated_at = timezone.now()
        if self._state.adding:
            self.created_at = self.updated_at
        if not self.done:
            self.completed_at = None
        elif self.completed_at is None:
            self.completed_at = self.updated_at


class IdempotencyKey(models.Model):
    """A key under which tasks were made, and which."""

    owner = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    # Not foreign keys: what was deleted has to be known as such.
    task_ids = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_created_at")]
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="idempotency_one_per_owner")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.owner}"
