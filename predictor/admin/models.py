"""Models in the admin: what is live, and the ways back."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from predictor import registry
from predictor.admin.confirmation import Confirmation, confirmed
from predictor.admin.read_only import LookingAdmin, may_manage
from predictor.models import ModelVersion, RegisteredModel

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class RegisteredModelAdmin(LookingAdmin):
    """Models with their live version; only the description is edited here."""

    list_display = ["name", "live_version", "version_count", "description"]
    search_fields = ["name", "description"]
    readonly_fields = ["name", "live_version", "created_at"]
    fields = ["name", "description", "live_version", "created_at"]
    change_form_template = "admin/predictor/registeredmodel/change_form.html"
    address = "model"

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegisteredModel]:
        """Return the models with what the list shows of their versions."""
        live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE)
        models: QuerySet[RegisteredModel] = super().get_queryset(request)
        return models.annotate(version_count=Count("versions")).prefetch_related(
            Prefetch("versions", queryset=live, to_attr="live")
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """Return whether this user may edit the description."""
        return may_manage(request)

    @admin.display(description="Live version", empty_value="none")
    def live_version(self, model: Any) -> int | None:
        """Return the number of the live version."""
        return model.live[0].version if model.live else None

    @admin.display(description="Versions", ordering="version_count")
    def version_count(self, model: Any) -> int:
        """Return how many versions there are."""
        count: int = model.version_count
        return count

    def verbs(self) -> Mapping[str, Callable[..., HttpResponse]]:
        """Return the confirmation pages of the ways back."""
        return {"rollback": self.rollback, "reset": self.reset}

    def buttons(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - as above
        """Return each way back that there is."""
        return ways_back(row)

    def rollback(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and roll back."""
        return self._way_back(request, pk, "Roll back", registry.rollback, registry.previous_live)

    def reset(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and reset."""
        return self._way_back(request, pk, "Reset", registry.reset, registry.lowest)

    def _way_back(
        self,
        request: HttpRequest,
        pk: int,
        verb: str,
        change: Callable[..., ModelVersion],
        target: Callable[[RegisteredModel], ModelVersion | None],
    ) -> HttpResponse:
        model = get_object_or_404(RegisteredModel, pk=pk)

        def do(by: "User", why: str) -> str:
            return f"Version {change(model.name, by=by, why=why).version} of {model} is live."

        to = target(model)
        number = f" to version {to.version}" if to else ""
        asked = Confirmation(
            f"{verb} {model}{number}?",
            "It answers in every process within a second. Nothing is deleted.",
            f"{verb}{number}",
            reverse("admin:predictor_registeredmodel_change", args=[pk]),
        )
        return confirmed(request, self.admin_site, asked, do)


def ways_back(model: RegisteredModel) -> list[tuple[str, str]]:
    """Return a button, as label and address, for each change that would change something."""
    buttons = []
    if previous := registry.previous_live(model):
        address = reverse("admin:model_rollback", args=[model.pk])
        buttons.append((f"Roll back to version {previous.version}", address))
    first = registry.lowest(model)
    if first and first.state != ModelVersion.State.LIVE:
        address = reverse("admin:model_reset", args=[model.pk])
        buttons.append((f"Reset to version {first.version}", address))
    versions = reverse("admin:predictor_modelversion_changelist")
    return [*buttons, ("Compare versions", f"{versions}?model__id__exact={model.pk}")]
