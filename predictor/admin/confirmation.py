"""Confirmation page of a change."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from predictor.core.errors import PredictorError
from predictor.registry.promotion import Comparison
from predictor.runtime.store import get_store

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.contrib.auth.models import User


class Confirmation(NamedTuple):
    """Texts of the page, the row that it is about, and the URL to return to."""

    question: str
    consequence: str
    button: str
    row: str
    return_url: str
    comparison: Comparison | None = None


class ReasonForm(forms.Form):
    """Reason of a change."""

    why = forms.CharField(
        required=False, max_length=500, label="Reason", help_text="Stored in the audit log."
    )


def confirm(
    request: HttpRequest,
    admin: "ModelAdmin[Any]",
    confirmation: Confirmation,
    change: Callable[["User", str], str],
) -> HttpResponse:
    """Show the page; after its form is sent, make the change and show its result.

    `change` takes the user and the reason, and returns the message to show.
    """
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            message = change(cast("User", request.user), form.cleaned_data["why"])
        except PredictorError as exc:
            messages.error(request, str(exc))
        else:
            get_store().refresh()
            messages.success(request, message)
        return HttpResponseRedirect(confirmation.return_url)
    context = {
        "title": confirmation.question,
        "confirmation": confirmation,
        "comparison": confirmation.comparison,
        "opts": admin.opts,
        "form": form,
    }
    template = "admin/predictor/confirmation.html"
    return TemplateResponse(request, template, admin.admin_site.each_context(request) | context)
