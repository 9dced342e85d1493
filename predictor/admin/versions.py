"""Versions in the admin: their metrics side by side, and a button for what each one allows."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from predictor import registry
from predictor.admin import engine_table
from predictor.admin.confirmation import Confirmation, confirmed
from predictor.admin.read_only import LookingAdmin, may_manage
from predictor.admin.upload import upload
from predictor.models import ModelVersion

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# So many metrics have a column of their own.
MOST_METRICS = 8


class ModelVersionAdmin(LookingAdmin):
    """Versions, to be compared; a new one comes by an upload."""

    list_display = ["__str__", "state", "created_at", "created_by"]
    list_filter = ["state", "model"]
    list_select_related = ["model", "created_by"]
    search_fields = ["model__name", "notes", "source"]
    ordering = ["model__name", "-version"]
    exclude = ["engines"]
    readonly_fields = ["run_by"]
    change_form_template = "admin/predictor/modelversion/change_form.html"
    address = "version"

    class Media:
        css = {"all": ["predictor/admin.css"]}

    @admin.display(description="Run by")
    def run_by(self, version: ModelVersion) -> str:
        """Return what runs each method, with its proof and its times."""
        return engine_table.table(version)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether this user may upload."""
        return may_manage(request)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns, with one for each metric of the versions."""
        versions = ModelVersion.objects.all()
        if model := request.GET.get("model__id__exact", ""):
            versions = versions.filter(model=int(model) if model.isdecimal() else None)
        names = sorted({name for version in versions for name in version.metrics})
        return [*self.list_display, *map(column, names[:MOST_METRICS])]

    def verbs(self) -> Mapping[str, Callable[..., HttpResponse]]:
        """Return the confirmation pages of what may be done to a version."""
        return {"promote": self.promote, "retire": self.retire, "switch": self.switch}

    @transaction.non_atomic_requests  # the registry commits its own transactions
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """Upload a version: no row is made by hand."""
        return upload(request, self.admin_site)

    def buttons(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - the row says it
        """Return what the version's state and its compiled form allow."""
        ready = row.state == ModelVersion.State.READY
        buttons = [
            (verb.capitalize(), reverse(f"admin:version_{verb}", args=[row.pk]))
            for verb in (("promote", "retire") if ready else ())
        ]
        if row.compiled:
            name = "Run scikit-learn alone" if row.use_compiled else "Run the compiled form"
            buttons.append((name, reverse("admin:version_switch", args=[row.pk])))
        return buttons

    def promote(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and make a version live."""
        version = get_object_or_404(ModelVersion.objects.select_related("model"), pk=pk)

        def do(by: "User", why: str) -> str:
            registry.promote(version, by=by, why=why)
            return f"Version {version.version} of {version.model} is live."

        consequence = "It answers in every process within a second; the live one is kept ready."
        return confirmed(request, self.admin_site, asked(version, "Promote", consequence), do)

    def retire(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and take a version out of service."""
        version = get_object_or_404(ModelVersion.objects.select_related("model"), pk=pk)

        def do(by: "User", why: str) -> str:
            registry.retire(version, by=by, why=why)
            return f"Version {version.version} of {version.model} is retired."

        consequence = "It is never live or asked again; its file stays. This cannot be undone."
        return confirmed(request, self.admin_site, asked(version, "Retire", consequence), do)

    def switch(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and have a version run by its compiled form, or by scikit-learn alone."""
        version = get_object_or_404(ModelVersion.objects.select_related("model"), pk=pk)
        use = not version.use_compiled
        runner = "its compiled form" if use else "scikit-learn alone"

        def do(by: "User", why: str) -> str:  # noqa: ARG001 - the log knows who asks
            registry.switch(version, use_compiled=use)
            self.log_change(request, version, f"Run by {runner}. {why}".strip())
            return f"Version {version.version} of {version.model} is run by {runner}."

        question = Confirmation(
            f"Run version {version.version} of {version.model} by {runner}?",
            "It is so in every process within a second, without a request lost.",
            f"Run {runner}",
            reverse("admin:predictor_modelversion_change", args=[version.pk]),
        )
        return confirmed(request, self.admin_site, question, do)


def asked(version: ModelVersion, verb: str, consequence: str) -> Confirmation:
    """Return the question about a version."""
    return Confirmation(
        f"{verb} version {version.version} of {version.model}?",
        consequence,
        f"{verb} version {version.version}",
        reverse("admin:predictor_modelversion_change", args=[version.pk]),
    )


def column(name: str) -> Any:
    """Return a column with one metric of each version."""

    @admin.display(description=name, empty_value="-")
    def metric(version: ModelVersion) -> str | None:
        value = version.metrics.get(name)
        return None if value is None else f"{value:.4g}"

    return metric
