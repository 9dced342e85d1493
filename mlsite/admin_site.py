"""The admin of the site. A list whose query the database refuses is no server error."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.exceptions import BadRequest
from django.core.validators import MaxLengthValidator
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from mlsite.database import why_unavailable

# SQLite refuses more than 1,000 words in a search.
MAX_SEARCH_LENGTH = 200


class SearchForm(ChangeListSearchForm):
    """The search of a list, of limited length."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        message = "A search takes at most %(limit_value)d characters; this one has %(show_value)d."
        self.fields[SEARCH_VAR].validators.append(MaxLengthValidator(MAX_SEARCH_LENGTH, message))


class CheckedList(ChangeList):
    """A list that treats lookups like other invalid ones if they fail only in the query."""

    search_form_class = SearchForm

    def get_results(self, request: HttpRequest) -> None:
        """Read the rows. Django itself checks the lookups only while it builds the query."""
        try:
            super().get_results(request)
        except (ValueError, OverflowError, DatabaseError) as exc:
            if not self.get_filters_params() or why_unavailable(exc):
                raise
            raise IncorrectLookupParameters from exc


class AdminSite(admin.AdminSite):
    """Django's admin with checked lists."""

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register models; their list is a checked list, also in the admins of other apps."""
        options["get_changelist"] = lambda *_args, **_kwargs: CheckedList
        super().register(model_or_iterable, admin_class, **options)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Answer a search for related rows."""
        if len(request.GET.get("term", "")) > MAX_SEARCH_LENGTH:
            raise BadRequest
        return super().autocomplete_view(request)
