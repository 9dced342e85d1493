"""Contents of the home page: models, tasks that are due, and the first steps on a new site."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.utils import timezone
from rest_framework.request import Request

from predictor import conf
from predictor.api.links import absolute_url, get_origin
from predictor.core.curl import format_curl
from predictor.core.signature import Signature
from predictor.models import Event, ModelVersion, RegisteredModel
from predictor.recipes import RECIPES
from tasks.models import Task, is_due_before

MAX_TASKS = 5
DUE_WITHIN = timedelta(days=7)


class ModelLine(NamedTuple):
    """A model on the home page. Without a live version, the last four are None."""

    name: str
    description: str
    classes: Sequence[str]
    version: int | None
    live_since: datetime | None
    metric: tuple[str, Any] | None
    signature: Mapping[str, Any] | None


def with_live_versions(models: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
    """Return the models with their live versions."""
    promotions = Event.objects.filter(to_version=OuterRef("pk")).exclude(
        kind=Event.Kind.REGISTRATION
    )
    shown = ("model", "version", "created_at", "metrics", "signature")
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).only(*shown)
    live = live.annotate(live_since=Subquery(promotions.order_by("-pk").values("at")[:1]))
    return models.prefetch_related(Prefetch("versions", live, to_attr="live_versions"))


def describe(model: Any) -> ModelLine:
    """Return the line of a model that was read with its live version."""
    live = next(iter(model.live_versions), None)
    sentence = model.description.partition(". ")[0].rstrip(".")
    if live is None:
        return ModelLine(model.name, sentence, (), None, None, None, None)
    return ModelLine(
        name=model.name,
        description=sentence,
        classes=list(live.signature.get("class_names", {}).values()),
        version=live.version,
        live_since=live.live_since or live.created_at,
        metric=next(iter(live.metrics.items()), None),
        signature=live.signature,
    )


def list_due_tasks() -> QuerySet[Task]:
    """Return the open tasks that are overdue or due within a week, the earliest first."""
    due = Task.objects.filter(is_due_before(timezone.now() + DUE_WITHIN))
    return due.order_by("due_at", "id")[:MAX_TASKS]


def first_steps(request: Request, lines: Sequence[ModelLine]) -> dict[str, str] | None:
    """Return a curl line and the site's URL while there is no model but the bundled models."""
    if any(line.name not in RECIPES for line in lines):
        return None
    default = next((line for line in lines if line.name == conf.default_model()), None)
    if default is None or default.signature is None:
        return None
    example = Signature.from_json(default.signature).get_example()
    curl = format_curl(absolute_url(request, "predict"), example)
    return {"curl": curl, "url": get_origin(request)}
