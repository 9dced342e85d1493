"""The pages of a model and of a version."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.views import APIView

from predictor import registry
from predictor.api.links import absolute_url
from predictor.api.renderers import OneModelPage, shows_cards
from predictor.api.row_form import fits_page
from predictor.api.uploads import new_form_key
from predictor.core.comparison import compare_columns, find_differences, pair
from predictor.core.signature import Signature
from predictor.core.snippets import Snippet, list_snippets
from predictor.models import Event, ModelVersion, RegisteredModel
from predictor.permissions import ManagesModels, needs_token
from predictor.recipes import RECIPES
from predictor.templatetags.charts import STD

# Numbers of versions and of events on the page, the newest first.
MAX_VERSIONS = 30
MAX_EVENTS = 20
# Number of versions on the page of all versions: a page has at most 150 KB.
MAX_LISTED_VERSIONS = 150
# Number of charts of metrics.
MAX_METRICS = 4


class ModelPage(OneModelPage):
    """The page of a model's card, with a button for each change that the user may make."""

    template = "predictor/model.html"

    def get_name(self, view: APIView) -> str:
        """Return the model's name as the title."""
        name: str = view.kwargs["name"]
        return name

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        if not shows_cards(context):
            return context
        request, model = context["request"], registry.find(data["name"])
        may_manage = ManagesModels().has_permission(request, context["view"])
        versions = list_versions(model)
        context |= {
            "card": data,
            "may_manage": may_manage,
            "may_train": may_manage and data["name"] in RECIPES,
            "versions": versions,
            "n_versions": len(data["versions"]),
            "has_counts": any(column.get("counts") for column in data["inputs"]),
            "metric_charts": build_metric_charts(versions),
        }
        if live := next((v for v in versions if v.state == ModelVersion.State.LIVE), None):
            context["live"] = describe(live)
            context["snippets"] = build_snippets(request, live, "model-predict", model.name)
            context["needs_token"] = needs_token(request)
        elif may_manage:
            context["ready_versions"] = [
                v.version for v in versions if v.state == ModelVersion.State.READY
            ]
        if request.user.is_authenticated:
            context["events"] = list_events(model.events.all())
        if may_manage:
            context |= find_ways_back(model)
        return context


class VersionListPage(OneModelPage):
    """The page of all versions of a model, with the form of an upload."""

    template = "predictor/version_list.html"

    def get_name(self, view: APIView) -> str:
        """Return the title."""
        return f"Versions of {view.kwargs['name']}"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        context["form_key"] = new_form_key()
        if shows_cards(context):
            model = registry.find(context["view"].kwargs["name"])
            rows = model.versions.select_related("created_by").order_by("-version")
            rows = rows.defer("evaluation", "parts", "signature")
            context |= {
                "card": {"name": model.name},
                "versions": [describe(version) for version in rows[:MAX_LISTED_VERSIONS]],
                "n_versions": len(data),
            }
        return context


class VersionPage(OneModelPage):
    """The page of a version's card, with its evaluation and a comparison with another version."""

    template = "predictor/version.html"

    def get_name(self, view: APIView) -> str:
        """Return the name of the model and the number of the version as the title."""
        return f"{view.kwargs['name']}, version {int(view.kwargs['version'])}"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        if not shows_cards(context):
            return context
        request = context["request"]
        version = registry.version(data["model"], data["version"])
        others = version.model.versions.exclude(pk=version.pk).order_by("-version")
        context |= {
            "card": data,
            "row": describe(version),
            "findings": registry.find_facts(version),
            "has_counts": any(column.get("counts") for column in data["inputs"]),
            "may_manage": ManagesModels().has_permission(request, context["view"]),
            "live": others.filter(state=ModelVersion.State.LIVE).first(),
            "other_versions": others.values_list("version", flat=True)[:MAX_VERSIONS],
            "metric_charts": build_metric_charts(list_versions(version.model)),
        }
        if request.user.is_authenticated:
            of_version = Q(from_version=version) | Q(to_version=version)
            context["events"] = list_events(version.model.events.filter(of_version))
        if version.state != ModelVersion.State.RETIRED:
            address = (version.model.name, version.version)
            context["snippets"] = build_snippets(
                request, version, "model-version-predict", *address
            )
            context["predict_url"] = reverse("model-version-predict", args=address)
            context["needs_token"] = needs_token(request)
        number = request.query_params.get("compare", "")
        if number.isascii() and number.isdigit():
            other = others.filter(version=int(number[:9])).first()
            context["comparison"] = compare(version, other) if other else None
            context["has_no_comparison"] = other is None
        return context


def find_ways_back(model: RegisteredModel) -> dict[str, Any]:
    """Return the versions of a rollback and of a reset; a reset only if it differs."""
    previous, lowest = registry.previous_live(model), registry.lowest_version(model)
    is_reset = lowest and lowest != previous and lowest.state != ModelVersion.State.LIVE
    return {"previous": previous, "lowest": lowest if is_reset else None}


def list_versions(model: RegisteredModel) -> Sequence[ModelVersion]:
    """Return the newest versions, and the live version if it is older."""
    rows: QuerySet[ModelVersion] = model.versions.select_related("created_by").order_by("-version")
    newest = list(rows[:MAX_VERSIONS])
    live = rows.filter(state=ModelVersion.State.LIVE).exclude(pk__in=[v.pk for v in newest])
    return [describe(version) for version in [*newest, *live]]


def describe(version: Any) -> Any:
    """Return a version with the name of its engine."""
    version.engine = registry.get_engine(version)
    return version


def build_metric_charts(versions: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the values of each metric by version, if at least two versions have it."""
    ordered = sorted(versions, key=lambda version: version.version)
    names = dict.fromkeys(name for version in ordered for name in version.metrics)
    charts = []
    for name in names:
        rows = [v for v in ordered if isinstance(v.metrics.get(name), int | float)]
        if len(rows) > 1 and not name.endswith(STD):
            values = [version.metrics[name] for version in rows]
            numbers = [version.version for version in rows]
            charts.append({"name": name, "versions": numbers, "series": {name: values}})
    return charts[:MAX_METRICS]


def build_snippets(
    request: Request, version: ModelVersion, route: str, *address: object
) -> list[Snippet]:
    """Return code that sends the example of a version to a URL; none if it is too long."""
    signature = Signature.from_json(version.signature)
    if not fits_page(signature):
        return []
    url = absolute_url(request, route, *address)
    return list_snippets(url, signature.get_example(), needs_token=needs_token(request))


def list_events(events: QuerySet[Event]) -> QuerySet[Event]:
    """Return the newest entries of the audit log."""
    events = events.select_related("from_version", "to_version")
    shown = ("model", "kind", "by", "at", "why", "from_version__version", "to_version__version")
    return events.only(*shown).order_by("-pk")[:MAX_EVENTS]


def compare(version: ModelVersion, other: ModelVersion) -> dict[str, Any]:
    """Return the metrics of two versions side by side, and the properties that differ."""
    return {
        "other": other.version,
        "metrics": pair(version.metrics, other.metrics),
        "differences": find_differences(_list_properties(version), _list_properties(other)),
        "parameters": find_differences(_list_parameters(version), _list_parameters(other))
        if version.parts and other.parts  # versions that were registered before have none
        else [],
        "columns": compare_columns(version.signature["columns"], other.signature["columns"]),
    }


def _list_properties(version: ModelVersion) -> dict[str, Any]:
    return {
        "Estimator": version.estimator,
        "Classes": version.signature["classes"],
        "Outputs": ", ".join(version.signature["methods"]),
        "File format": version.format,
        "Size in bytes": version.size,
        "Engine": registry.get_engine(version),
        "Source": version.source,
        **{f"Fitted with {name}": number for name, number in version.fitted_with.items()},
    }


def _list_parameters(version: ModelVersion) -> dict[str, str]:
    """Return the parameters that are not the defaults, by the class and name of their part."""
    return {
        f"{part['kind']} {part['name']}".strip() + f": {name}": value
        for part in version.parts
        for name, value in part["parameters"].items()
    }
