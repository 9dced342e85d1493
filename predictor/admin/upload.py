"""The upload of a version in the admin."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from predictor.admin.read_only import may_manage
from predictor.api.uploads import register
from predictor.core.errors import InvalidInput
from predictor.models import NAME, NAME_RULE, ModelVersion

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class UploadForm(forms.Form):
    """A file to register, and what is said of it."""

    model = forms.CharField(
        max_length=64,
        validators=[RegexValidator(rf"\A{NAME}\Z", NAME_RULE)],
        widget=AdminTextInputWidget,
        help_text="A name that is new makes the model.",
    )
    artifact = forms.FileField(help_text="The fitted estimator, as a skops file.")
    sample = forms.FileField(
        required=False, help_text="Rows that it takes, as .csv or .npz: they refine the card."
    )
    metrics = forms.JSONField(
        required=False,
        widget=AdminTextInputWidget,
        help_text='How good it is, such as {"accuracy": 0.93}.',
    )
    note = forms.CharField(required=False, max_length=2000, widget=AdminTextareaWidget)
    promote = forms.BooleanField(required=False, label="Make it live at once")

    def clean_metrics(self) -> Any:
        """Refuse what is no object; what is in it, the registry checks."""
        metrics = self.cleaned_data["metrics"]
        if metrics and not isinstance(metrics, dict):
            raise forms.ValidationError('An object is expected, such as {"accuracy": 0.93}.')
        return metrics


def upload(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show the form; register what it brings, or say why not beside its field."""
    if not may_manage(request):
        raise PermissionDenied
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and (version := registered(request, form)):
        messages.success(request, f"Version {version.version} of {version.model} is registered.")
        address = reverse("admin:predictor_modelversion_change", args=[version.pk])
        return HttpResponseRedirect(address)
    context = site.each_context(request) | {"title": "Upload a version", "form": form}
    return TemplateResponse(request, "admin/predictor/upload.html", context)


def registered(request: HttpRequest, form: UploadForm) -> ModelVersion | None:
    """Register what the form holds; put what is wrong with it beside its field."""
    said = dict(form.cleaned_data)
    try:
        return register(said.pop("model"), said, cast("User", request.user))
    except InvalidInput as exc:
        for field, sentences in (exc.columns or {"model": [str(exc)]}).items():
            form.add_error(field, list(sentences))
    return None
