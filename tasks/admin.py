"""Tasks in the Django admin."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from tasks.models import Task, TaskQuerySet


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Tasks, listed to be ticked off."""

    list_display = ["title", "done", "priority", "due_at", "updated_at"]
    list_editable = ["done"]
    list_filter = ["done", "priority", ("due_at", admin.EmptyFieldListFilter), "due_at"]
    search_fields = ["title", "description"]
    date_hierarchy = "created_at"
    ordering = ["-id"]
    empty_value_display = "-"
    show_full_result_count = False
    readonly_fields = ["created_at", "updated_at", "completed_at"]
    actions = ["mark_done", "mark_not_done"]

    @admin.action(description="Mark done", permissions=["change"])
    def mark_done(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Mark the selected tasks done."""
        self.message_user(request, f"{queryset.mark_done()} marked done.")

    @admin.action(description="Mark not done", permissions=["change"])
    def mark_not_done(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Mark the selected tasks not done."""
        self.message_user(request, f"{queryset.mark_not_done()} marked not done.")

    def save_model(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        obj: Task,
        form: ModelForm,  # type: ignore[type-arg]  # no generic at run time
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Save what was changed in the form, and leave the other fields to other writers."""
        obj.save(update_fields=form.changed_data if change else None)
