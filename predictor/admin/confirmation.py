"""The page that asks before something changes, and what follows the yes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from predictor.core.errors import PredictorError
from predictor.runtime.store import get_store

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Confirmation(NamedTuple):
    """What is asked, what follows from it, the button that says yes, and where to go then."""

    question: str
    consequence: str
    yes: str
    back: str


class ReasonForm(forms.Form):
    """Why, for the record."""

    why = forms.CharField(
        required=False, max_length=500, label="Reason", help_text="Kept in the record."
    )


def confirmed(
    request: HttpRequest,
    site: AdminSite,
    asked: Confirmation,
    change: Callable[["User", str], str],
) -> HttpResponse:
    """Ask; on a yes make the change, and say what it did or why it could not be."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = change(cast("User", request.user), form.cleaned_data["why"])
        except PredictorError as exc:
            messages.error(request, str(exc))
        else:
            get_store().refresh()
            messages.success(request, done)
        return HttpResponseRedirect(asked.back)
    context = site.each_context(request) | {"title": asked.question, "asked": asked, "form": form}
    return TemplateResponse(request, "admin/predictor/confirmation.html", context)
