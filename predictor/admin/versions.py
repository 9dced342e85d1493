"""Versions in the admin: a comparison of their metrics, and buttons for changes."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html

from predictor import registry
from predictor.admin import engine_table, version_tables
from predictor.admin.confirmation import Confirmation, confirm
from predictor.admin.model_filter import ModelFilter, find_model
from predictor.admin.read_only import ReadOnlyAdmin, may_manage
from predictor.admin.upload import upload
from predictor.models import ModelVersion
from predictor.templatetags.charts import metric_name

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Labels of the buttons, and the question about a promotion.
LABELS = {"promote": "Make live", "retire": "Retire", "purge": "Delete the files"}
PROMOTE = "Make {} live"

# Number of metrics with a column in the list, and of versions that are searched for their names.
MAX_METRICS = 8
MAX_READ = 100
# Columns of the table that the list does not show.
LONG_COLUMNS = ("engines", "evaluation", "parts", "signature")


class ModelVersionAdmin(ReadOnlyAdmin):
    """Versions with their metrics. An upload adds a version."""

    list_display = ["__str__", "state", "created_at", "created_by", "purged_at"]
    list_filter = ["state", ModelFilter]
    list_select_related = ["model", "created_by"]
    search_fields = ["model__name", "notes", "source"]
    ordering = ["model__name", "-version"]
    fieldsets = [
        (None, {"fields": ["model", "version", "state", "estimator", "notes"]}),
        ("Quality", {"fields": ["quality", "evaluated"]}),
        ("Inputs and outputs", {"fields": ["columns", "outputs"]}),
        ("Engine", {"fields": ["run_by", "use_compiled", "compiled"]}),
        ("Origin", {"fields": ["created_at", "created_by", "source", "software", "any_version"]}),
        ("File", {"fields": ["artifact", "format", "file_size", "sha256", "purged_at"]}),
    ]
    readonly_fields = [
        *("quality", "evaluated", "columns", "outputs", "run_by", "software", "file_size"),
    ]
    change_form_template = "admin/predictor/modelversion/change_form.html"
    url_prefix = "version"
    changes = ("promote", "retire", "purge", "switch")

    class Media:
        css = {"all": ["predictor/admin.css"]}

    @admin.display(description="Metrics")
    def quality(self, version: ModelVersion) -> str:
        """Return the table of metrics."""
        return version_tables.metrics(version) or self.get_empty_value_display()

    @admin.display(description="Quality", empty_value="-")
    def main_metric(self, version: ModelVersion) -> str | None:
        """Return the first metric."""
        return version_tables.main_metric(version.metrics)

    @admin.display(description="Columns")
    def columns(self, version: ModelVersion) -> str:
        """Return the table of columns."""
        return version_tables.columns(version)

    @admin.display(description="Outputs")
    def outputs(self, version: ModelVersion) -> str:
        """Return the outputs in words."""
        return version_tables.outputs(version)

    @admin.display(description="Fitted with")
    def software(self, version: ModelVersion) -> str:
        """Return the software that fitted the estimator."""
        return version_tables.software(version) or self.get_empty_value_display()

    @admin.display(description="Size")
    def file_size(self, version: ModelVersion) -> str:
        """Return the size of the artifact in words."""
        return filesizeformat(version.size)

    @admin.display(description="Run by")
    def run_by(self, version: ModelVersion) -> str:
        """Return the table of engines."""
        return engine_table.table(version)

    @admin.display(description="Evaluation")
    def evaluated(self, version: ModelVersion) -> str:
        """Return a link to the page of the version, which shows its evaluation."""
        if not version.evaluation:
            return self.get_empty_value_display()
        url = reverse("model-version", args=[version.model.name, version.version])
        text = f"{version.evaluation['n_rows']:,} rows of test data"
        return format_html('<a href="{}">{}</a>', url, text)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as in the base class
        """Return whether the user may upload a version."""
        return may_manage(request)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns: one for each metric of the newest versions of one model.

        Models have different metrics, so the list of all versions has only the first metric.
        """
        version, state, *others = self.list_display
        model = request.GET.get(ModelFilter.parameter_name, "")
        if not model:
            return [version, state, "main_metric", *others]
        versions = ModelVersion.objects.filter(model__in=find_model(model)).order_by("-pk")
        newest = versions.values_list("metrics", flat=True)[:MAX_READ]
        names = sorted({name for metrics in newest for name in metrics})
        return [version, state, *map(column, names[:MAX_METRICS]), *others]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        """Return the versions; those of the list without the columns that it does not show."""
        versions: QuerySet[ModelVersion] = super().get_queryset(request)
        match = request.resolver_match
        is_list = match and match.url_name == "predictor_modelversion_changelist"
        return versions.defer(*LONG_COLUMNS) if is_list else versions

    @transaction.non_atomic_requests  # the registry commits its own transactions
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """Upload a version."""
        return upload(request, self.admin_site)

    def buttons(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - the base's signature
        """Return the buttons of the changes that the state and the engine of the version allow."""
        if row.purged_at:
            return []
        state = ModelVersion.State
        verbs = {state.READY: ("promote", "retire"), state.RETIRED: ("purge",)}
        buttons = [
            (LABELS[verb], reverse(f"admin:version_{verb}", args=[row.pk]))
            for verb in verbs.get(row.state, ())
        ]
        if row.compiled:
            name = "Use scikit-learn alone" if row.use_compiled else "Use the compiled estimator"
            buttons.append((name, reverse("admin:version_switch", args=[row.pk])))
        page = reverse("model-version", args=[row.model.name, row.version])
        return [*buttons, ("Show its page", page)]

    def promote(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a version live after a confirmation."""

        def change(version: ModelVersion, by: "User", why: str) -> str:
            registry.promote(version, by=by, why=why)
            return f"Version {version.version} of {version.model} is live."

        consequence = (
            "The version is live in every process within a second. The current one stays ready."
        )
        return self._confirm(request, pk, PROMOTE, consequence, change)

    def retire(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Retire a version after a confirmation."""

        def change(version: ModelVersion, by: "User", why: str) -> str:
            registry.retire(version, by=by, why=why)
            return f"Version {version.version} of {version.model} is retired."

        consequence = "The version cannot predict any more. Its file stays. This cannot be undone."
        return self._confirm(request, pk, "Retire {}", consequence, change)

    def purge(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Delete the files of a retired version after a confirmation."""

        def change(version: ModelVersion, by: "User", why: str) -> str:
            registry.purge(version, by=by, why=why)
            return f"The files of version {version.version} of {version.model} are deleted."

        consequence = (
            "The model file is deleted. The version stays in the list. This cannot be undone."
        )
        return self._confirm(request, pk, "Delete the files of {}", consequence, change)

    def switch(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Switch between the compiled estimator and scikit-learn after a confirmation."""
        use_compiled = not get_object_or_404(ModelVersion, pk=pk).use_compiled
        engine = "the compiled estimator" if use_compiled else "scikit-learn alone"

        def change(version: ModelVersion, _by: "User", why: str) -> str:
            registry.set_use_compiled(version, use_compiled=use_compiled)
            self.log_change(request, version, f"Use {engine}. {why}".strip())
            return f"Version {version.version} of {version.model} uses {engine}."

        consequence = "The change takes effect in every process within a second."
        return self._confirm(request, pk, f"Use {engine} for {{}}", consequence, change)

    def _confirm(
        self,
        request: HttpRequest,
        pk: int,
        phrase: str,
        consequence: str,
        change: Callable[[ModelVersion, "User", str], str],
    ) -> HttpResponse:
        version = get_object_or_404(ModelVersion.objects.select_related("model"), pk=pk)
        confirmation = Confirmation(
            f"{phrase.format(f'version {version.version} of {version.model}')}?",
            consequence,
            phrase.format(f"version {version.version}"),
            str(version),
            reverse("admin:predictor_modelversion_change", args=[pk]),
            registry.compare_with_live(version) if phrase == PROMOTE else None,
        )
        return confirm(request, self, confirmation, partial(change, version))


def column(name: str) -> Any:
    """Return a list column with a metric of each version."""

    @admin.display(description=metric_name(name))
    def metric(version: ModelVersion) -> str:
        return version_tables.format_metric(version.metrics.get(name))

    return metric
