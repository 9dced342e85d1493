"""Models in the admin, with buttons for rollback, reset and unpublishing."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from predictor import registry
from predictor.admin.confirmation import Confirmation, confirm
from predictor.admin.read_only import ReadOnlyAdmin, may_manage
from predictor.admin.version_tables import main_metric
from predictor.models import ModelVersion, RegisteredModel

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class RegisteredModelAdmin(ReadOnlyAdmin):
    """Models with their live version. Only the description can be edited."""

    list_display = ["name", "live_version", "quality", "version_count", "description"]
    search_fields = ["name", "description"]
    readonly_fields = ["name", "live_version", "created_at"]
    fields = ["name", "description", "live_version", "created_at"]
    change_form_template = "admin/predictor/registeredmodel/change_form.html"
    url_prefix = "model"
    changes = ("rollback", "reset", "unpublish")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegisteredModel]:
        """Return the models with the number of versions and the live version."""
        live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE)
        live = live.only("model", "version", "metrics")
        models: QuerySet[RegisteredModel] = super().get_queryset(request)
        return models.annotate(version_count=Count("versions")).prefetch_related(
            Prefetch("versions", queryset=live, to_attr="live")
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Return whether the user may edit the description."""
        return may_manage(request)

    @admin.display(description="Live version")
    def live_version(self, model: Any) -> int | str:
        """Return the number of the live version."""
        return model.live[0].version if model.live else "none"

    @admin.display(description="Quality", empty_value="-")
    def quality(self, model: Any) -> str | None:
        """Return the first metric of the live version."""
        return main_metric(model.live[0].metrics) if model.live else None

    @admin.display(description="Versions", ordering="version_count")
    def version_count(self, model: Any) -> int:
        """Return the number of versions."""
        count: int = model.version_count
        return count

    def buttons(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - the base's signature
        """Return the buttons of the possible changes."""
        buttons = []
        if previous := registry.previous_live(row):
            url = reverse("admin:model_rollback", args=[row.pk])
            buttons.append((f"Roll back to version {previous.version}", url))
        lowest = registry.lowest_version(row)
        if lowest and lowest.state != ModelVersion.State.LIVE:
            url = reverse("admin:model_reset", args=[row.pk])
            buttons.append((f"Reset to version {lowest.version}", url))
        if row.live:
            buttons.append(("Take offline", reverse("admin:model_unpublish", args=[row.pk])))
        versions = reverse("admin:predictor_modelversion_changelist")
        return [
            *buttons,
            ("Compare versions", f"{versions}?model__id__exact={row.pk}"),
            ("Show its page", reverse("model-detail", args=[row.name])),
        ]

    def rollback(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Roll back after a confirmation."""
        return self._change_live(
            request, pk, "Roll back", registry.rollback, registry.previous_live
        )

    def reset(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Reset after a confirmation."""
        return self._change_live(request, pk, "Reset", registry.reset, registry.lowest_version)

    def unpublish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Leave the model without a live version after a confirmation."""
        model = get_object_or_404(RegisteredModel, pk=pk)

        def make_change(by: "User", why: str) -> str:
            registry.unpublish(model.name, by=by, why=why)
            return f"No version of {model} is live."

        confirmation = Confirmation(
            f"Take {model} offline?",
            "The model's predictions are a 404 in every process within a second. A rollback makes "
            "the version live again. Nothing is deleted.",
            "Take offline",
            str(model),
            reverse("admin:predictor_registeredmodel_change", args=[pk]),
        )
        return confirm(request, self, confirmation, make_change)

    def _change_live(
        self,
        request: HttpRequest,
        pk: int,
        verb: str,
        change: Callable[..., ModelVersion],
        target: Callable[[RegisteredModel], ModelVersion | None],
    ) -> HttpResponse:
        model = get_object_or_404(RegisteredModel, pk=pk)

        def make_change(by: "User", why: str) -> str:
            return f"Version {change(model.name, by=by, why=why).version} of {model} is live."

        version = target(model)
        to_version = f" to version {version.version}" if version else ""
        confirmation = Confirmation(
            f"{verb} {model}{to_version}?",
            "The version is live in every process within a second. Nothing is deleted.",
            f"{verb}{to_version}",
            str(model),
            reverse("admin:predictor_registeredmodel_change", args=[pk]),
            registry.compare_with_live(version) if version else None,
        )
        return confirm(request, self, confirmation, make_change)
