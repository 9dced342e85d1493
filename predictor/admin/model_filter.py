"""Filter of a list by model."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from predictor.models import RegisteredModel

# With more models, the filter offers only the chosen one. A search for its name finds a model.
MAX_CHOICES = 20


class ModelFilter(admin.SimpleListFilter):
    """Filter by model."""

    title = "model"
    parameter_name = "model__id__exact"

    def lookups(self, *_args: Any) -> list[tuple[str, str]]:
        """Return the models to choose from."""
        models = list(RegisteredModel.objects.all()[: MAX_CHOICES + 1])
        if len(models) > MAX_CHOICES:
            models = list(find_model(self.value()))
        return [(str(model.pk), model.name) for model in models]

    def has_output(self) -> bool:
        """Return whether the filter is used; also for an id of no model, which has no rows."""
        return super().has_output() or bool(self.value())

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen model."""
        value = self.value()
        return queryset.filter(model__in=find_model(value)) if value else queryset


def find_model(value: str | None) -> QuerySet[RegisteredModel]:
    """Return the model that the query parameter names; none if its value is not an id."""
    if value and re.fullmatch("[0-9]{1,18}", value):
        return RegisteredModel.objects.filter(pk=int(value))
    return RegisteredModel.objects.none()
