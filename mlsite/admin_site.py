"""The admin of the site, which checks the lookups and keys that Django does not check."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.exceptions import BadRequest, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from mlsite.database import why_unavailable

# SQLite refuses more than 1,000 words in a search.
MAX_SEARCH_LENGTH = 200

# Errors of Django and the database about the value of a lookup, such as a range with one end.
LOOKUP_ERRORS = (ValueError, OverflowError, IndexError, NotImplementedError, DatabaseError)


class SearchForm(ChangeListSearchForm):
    """The search of a list, of limited length."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        message = "A search takes at most %(limit_value)d characters; got %(show_value)d."
        self.fields[SEARCH_VAR].validators.append(MaxLengthValidator(MAX_SEARCH_LENGTH, message))


class CheckedList(ChangeList):
    """A list that treats a lookup that fails only in the query like other invalid lookups."""

    search_form_class = SearchForm

    def get_results(self, request: HttpRequest) -> None:
        """Read the rows. Django itself checks the lookups only while it builds the query."""
        try:
            super().get_results(request)
        except LOOKUP_ERRORS as exc:
            if not self.get_filters_params() or why_unavailable(exc):
                raise
            raise IncorrectLookupParameters from exc


class CheckedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Admin of a model whose lists and actions check the values that Django does not check."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002 - Django's signature
        """Return the class of the list."""
        return CheckedList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any | None:
        """Return the row; by its primary key also if the parameter _to_field is empty."""
        return super().get_object(request, object_id, from_field or None)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any
    ) -> HttpResponse | None:
        """Run an action for the selected rows."""
        try:
            for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(key)
        except ValidationError as exc:
            raise BadRequest from exc
        return super().response_action(request, queryset, *args)


class AdminSite(admin.AdminSite):
    """Django's admin with checked lists and actions, also for the models of other packages."""

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register models with a class that extends their own."""
        own = admin_class or admin.ModelAdmin
        checked = type(own.__name__, (CheckedAdmin, own), {"__module__": own.__module__})
        super().register(model_or_iterable, checked, **options)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002 - Django's signature
        """Raise a 404: no admin of the site has `autocomplete_fields`."""
        raise Http404
