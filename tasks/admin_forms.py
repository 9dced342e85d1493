"""Forms of the admin that never overwrite the changes of others."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import ValidationError

from tasks.conflicts import list_differences
from tasks.form_values import one_line, restore_lines, unify_lines
from tasks.models import Task
from tasks.preconditions import etag

if TYPE_CHECKING:
    from django.http import QueryDict

HAS_CHANGED = (
    "This task was changed after you opened it. Nothing was saved. Save again to replace the saved "
    "values by yours."
)


class TitleField(forms.CharField):
    """A one-line text; line breaks that its input cannot show are no change."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the text differs from the text that the input shows."""
        return super().has_changed(one_line(initial or ""), data)


class DescriptionField(forms.CharField):
    """A text of several lines; other line breaks are no change."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the texts differ in more than their line breaks."""
        before, after = (unify_lines(text or "") for text in (initial, data))
        return super().has_changed(before, after)


class StateField(forms.CharField):
    """The state of the task that the form shows. It is not a value of the task."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:  # noqa: ARG002 - Django's signature
        """Return False: the form has nothing to save."""
        return False


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """The form of a task. It is rejected, with both states, if the task has changed meanwhile."""

    etag = StateField(required=False)

    class Meta:
        model = Task
        fields = ["title", "description", "done", "priority", "due_at"]
        field_classes = {"title": TitleField, "description": DescriptionField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["etag"].initial = etag(self.instance)

    def clean_description(self) -> str:
        """Return the text with the line breaks of the saved text."""
        return restore_lines(self.cleaned_data["description"], self.instance.description)

    def clean(self) -> dict[str, Any] | None:
        """Reject the form if the task is not in the state that the form showed."""
        cleaned = super().clean()
        shown = self.data.get(self.add_prefix("etag"))
        if not self.instance.pk or not shown or shown == etag(self.instance):
            return cleaned
        values = {name: self.cleaned_data[name] for name in self.changed_data}
        # The next attempt replaces the state that this response shows.
        data = cast("QueryDict", self.data).copy()
        data[self.add_prefix("etag")] = etag(self.instance)
        self.data = data
        differences = [
            f"{label}: saved now “{saved}”, yours “{submitted}”."
            for label, saved, submitted in list_differences(self.instance, values)
        ]
        raise ValidationError([HAS_CHANGED, *differences])


class TickForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """A row of the list. It contains the box as it was shown: only changed boxes are saved."""

    done = forms.BooleanField(required=False, show_hidden_initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["done"].widget.attrs["aria-label"] = f"{self.instance.title}: done"
