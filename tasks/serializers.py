"""Serializers of tasks."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from rest_framework import serializers

from tasks.fields import (
    BooleanField,
    DateTimeField,
    IntegerChoiceField,
    PublicUrlField,
    StringField,
    is_json,
)
from tasks.models import Priority, Task

EXAMPLE = 'a JSON object such as {"title": "Read a book"}'
NO_FIELD = (
    f"The body contains no field of a task. Send {EXAMPLE} with the header "
    "'Content-Type: application/json'."
)
JSON_TYPE_NAMES = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}

MAX_TASKS_PER_REQUEST = 1000


class TaskListSerializer(serializers.ListSerializer[Task]):
    """A list of tasks, created in one transaction."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """Validate every task; report errors by index."""
        if not data:
            sentence = "The list is empty. Send at least one task."
            raise serializers.ValidationError({"detail": sentence})
        if len(data) > MAX_TASKS_PER_REQUEST:
            sentence = f"A list takes at most {MAX_TASKS_PER_REQUEST} tasks; got {len(data)}."
            raise serializers.ValidationError({"detail": sentence})
        valid, errors = [], {}
        for index, item in enumerate(data):
            try:
                valid.append(self.run_child_validation(item))
            except serializers.ValidationError as exc:
                errors[str(index)] = exc.detail
        if errors:
            raise serializers.ValidationError(errors)
        return valid

    def create(self, validated_data: Any) -> Any:
        """Create the tasks."""
        tasks = [Task(**fields) for fields in validated_data]
        for task in tasks:
            task.stamp()
        return Task.objects.bulk_create(tasks)


class TaskSerializer(serializers.HyperlinkedModelSerializer[Task]):
    """A task. The server sets the id and the timestamps."""

    serializer_field_mapping = {
        **serializers.HyperlinkedModelSerializer.serializer_field_mapping,
        models.CharField: StringField,
        models.TextField: StringField,
        models.BooleanField: BooleanField,
        models.DateTimeField: DateTimeField,
    }
    serializer_choice_field = IntegerChoiceField
    serializer_url_field = PublicUrlField

    class Meta:
        model = Task
        list_serializer_class = TaskListSerializer
        fields = [
            "id",
            "url",
            "title",
            "description",
            "done",
            "priority",
            "due_at",
            "created_at",
            "updated_at",
            "completed_at",
        ]
        read_only_fields = ["created_at", "updated_at", "completed_at"]
        extra_kwargs = {
            "description": {"trim_whitespace": False},
            # Initial value of the HTML form; the choices replace the range check of the column.
            "priority": {"initial": Priority.NORMAL, "validators": ()},
        }

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Validate the fields; reject a body that is not an object."""
        if not isinstance(data, Mapping):
            json_type = JSON_TYPE_NAMES.get(type(data), "a number")
            raise serializers.ValidationError({"detail": f"A task is {EXAMPLE}; got {json_type}."})
        if not (is_json(self) or data.keys() & self.fields.keys()):
            raise serializers.ValidationError({"detail": NO_FIELD})
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        """Validate the fields; reject unknown fields.

        Read-only fields are ignored, so that a client can send back a task as it read it.
        """
        if is_json(self) and (unknown := data.keys() - self.fields.keys()):
            names = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            raise serializers.ValidationError(
                {name: [f"Unknown field; a task takes {names}."] for name in sorted(unknown)}
            )
        return super().to_internal_value(data)

    def update(self, instance: Task, validated_data: dict[str, Any]) -> Task:
        """Save only the fields in the request."""
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save(update_fields=validated_data)
        return instance
