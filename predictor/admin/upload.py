"""Upload of a version in the admin."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from predictor.admin.read_only import may_manage
from predictor.api.option_serializers import PageUploadSerializer
from predictor.api.uploads import new_form_key, register
from predictor.core.errors import ArtifactError, Busy, InvalidInput
from predictor.models import ModelVersion

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class OptionalJSONField(forms.JSONField):
    """A field for an optional JSON object, which shows nothing if there is none."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=AdminTextInputWidget)

    def prepare_value(self, value: Any) -> Any:
        """Return the text to show."""
        return "" if value is None else super().prepare_value(value)


class UploadForm(forms.Form):
    """The fields of the API's upload, and the name of the model, which the API has in its URL."""

    model = forms.CharField(
        max_length=64, widget=AdminTextInputWidget, help_text="A new name creates the model."
    )
    artifact = forms.FileField()
    sample = forms.FileField(required=False)
    test = forms.FileField(required=False)
    target = forms.CharField(
        required=False, strip=False, max_length=2000, widget=AdminTextInputWidget
    )
    metrics = OptionalJSONField()
    description = forms.CharField(
        required=False, max_length=2000, widget=AdminTextareaWidget(attrs={"rows": 3})
    )
    columns = OptionalJSONField()
    class_names = OptionalJSONField()
    note = forms.CharField(
        required=False, max_length=2000, widget=AdminTextareaWidget(attrs={"rows": 3})
    )
    allow_version = forms.BooleanField(required=False)
    form_key = forms.CharField(required=False, widget=forms.HiddenInput, initial=new_form_key)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in PageUploadSerializer().fields.items():
            self.fields[name].help_text = field.help_text or ""


def upload(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show the form; register its version, or show an error beside the field."""
    if not may_manage(request):
        raise PermissionDenied
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and (version := _register(request, form)):
        messages.success(request, f"Version {version.version} of {version.model} is registered.")
        url = reverse("admin:predictor_modelversion_change", args=[version.pk])
        return HttpResponseRedirect(url)
    context = site.each_context(request) | {"title": "Upload a version", "form": form}
    return TemplateResponse(request, "admin/predictor/upload.html", context)


def _register(request: HttpRequest, form: UploadForm) -> ModelVersion | None:
    """Register the version; add the errors to the form and return None if it is rejected."""
    data = dict(form.cleaned_data)
    try:
        return register(data.pop("model"), data, cast("User", request.user))
    except InvalidInput as exc:
        for field, errors in (exc.columns or {"model": [str(exc)]}).items():
            form.add_error(field, list(errors))
    except (ArtifactError, Busy) as exc:
        form.add_error(None, str(exc))
    return None
