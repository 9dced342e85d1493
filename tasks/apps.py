"""The task list."""

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """A persistent list of tasks."""

    name = "tasks"
