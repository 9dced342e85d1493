"""Tasks to and from JSON and forms."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from rest_framework import serializers

from tasks.fields import BooleanField, DateTimeField, IntegerChoiceField, StringField, is_json
from tasks.models import Priority, Task

EXAMPLE = 'a JSON object such as {"title": "Read a book"}'
KINDS = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}

MOST_AT_ONCE = 1000


class TaskListSerializer(serializers.ListSerializer[Task]):
    """Many tasks, to be made all or none."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the values of each task, refusing all for one; errors come by index."""
        if len(data) > MOST_AT_ONCE:
            sentence = f"A list takes at most {MOST_AT_ONCE} tasks; got {len(data)}."
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
        """Make the tasks."""
        tasks = [Task(**fields) for fields in validated_data]
        for task in tasks:
            task.stamp()
        return Task.objects.bulk_create(tasks)


class TaskSerializer(serializers.HyperlinkedModelSerializer[Task]):
    """A task; the times and the id are the server's."""

    serializer_field_mapping = {
        **serializers.HyperlinkedModelSerializer.serializer_field_mapping,
        models.CharField: StringField,
        models.TextField: StringField,
        models.BooleanField: BooleanField,
        models.DateTimeField: DateTimeField,
    }
    serializer_choice_field = IntegerChoiceField

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
            # Of the empty form; the choices say what it takes, and not the column's range.
            "priority": {"initial": Priority.NORMAL, "validators": ()},
        }

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the values of the writable fields, refusing what is not an object."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError(
                {"detail": f"A task is {EXAMPLE}; got {KINDS.get(type(data), 'a number')}."}
            )
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        """Return the values of the writable fields, refusing fields that no task has.

        Read-only fields are ignored, so that a task can be sent back as it was read.
        """
        if is_json(self) and (unknown := data.keys() - self.fields.keys()):
            names = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            raise serializers.ValidationError(
                {name: [f"Unknown field; a task takes {names}."] for name in sorted(unknown)}
            )
        return super().to_internal_value(data)

    def update(self, instance: Task, validated_data: dict[str, Any]) -> Task:
        """Write the fields that were sent, and no others."""
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save(update_fields=validated_data)
        return instance
