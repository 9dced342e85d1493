"""Admin pages of tasks."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from tasks.admin_forms import TaskForm, TickForm
from tasks.models import Task, TaskQuerySet, is_due_before

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class DueFilter(admin.SimpleListFilter):
    """Filter by due date in everyday terms."""

    title = "due date"
    parameter_name = "due"

    def lookups(self, *_args: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [
            ("overdue", "Overdue"),
            ("today", "Today"),
            ("week", "Next 7 days"),
            ("later", "Later"),
            ("none", "No date"),
        ]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks of the choice; days are in the site's time zone."""
        now = timezone.localtime()
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        tomorrow, later = today + timedelta(days=1), today + timedelta(days=8)
        choices = {
            "overdue": is_due_before(now),
            "today": Q(due_at__gte=today, due_at__lt=tomorrow),
            "week": Q(due_at__gte=tomorrow, due_at__lt=later),
            "later": Q(due_at__gte=later),
            "none": Q(due_at=None),
        }
        return queryset.filter(choices.get(self.value() or "", Q()))


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """The task list with checkboxes."""

    list_display = ["title", "done", "priority", "due_at", "updated_at"]
    list_editable = ["done"]
    list_per_page = 50
    list_filter = ["done", "priority", DueFilter, "created_at"]
    search_fields = ["title", "description"]
    ordering = ["-id"]
    empty_value_display = "-"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each count would read all tasks
    readonly_fields = ["created_at", "updated_at", "completed_at"]
    actions = ["mark_done", "mark_not_done"]
    form = TaskForm

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ModelForm]:  # type: ignore[type-arg]  # no generic at run time
        """Return the form of a row of the list."""
        return super().get_changelist_form(request, **{"form": TickForm} | kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Return the tasks, locked while the form of one is checked and saved."""
        queryset: QuerySet[Task] = super().get_queryset(request)
        match = request.resolver_match
        saves = request.method == "POST" and match and match.url_name == "tasks_task_change"
        return queryset.select_for_update() if saves else queryset

    @admin.action(description="Mark done", permissions=["change"])
    def mark_done(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Mark the selected tasks done."""
        n_changed = self.set_done(request, queryset, done=True)
        self.message_user(request, f"{n_changed} marked done.")

    @admin.action(description="Mark not done", permissions=["change"])
    def mark_not_done(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Mark the selected tasks not done."""
        n_changed = self.set_done(request, queryset, done=False)
        self.message_user(request, f"{n_changed} marked not done.")

    @transaction.atomic
    def set_done(self, request: HttpRequest, queryset: TaskQuerySet, *, done: bool) -> int:
        """Change the tasks and add an entry to their histories, as a form does."""
        LogEntry.objects.log_actions(
            user_id=cast("User", request.user).pk,
            queryset=queryset.filter(done=not done).select_for_update(),
            action_flag=CHANGE,
            change_message=[{"changed": {"fields": ["Done"]}}],
        )
        return queryset.set_done(done=done)

    def save_model(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        obj: Task,
        form: ModelForm,  # type: ignore[type-arg]  # no generic at run time
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Save only the fields that were changed in the form."""
        obj.save(update_fields=form.changed_data if change else None)
