"""The pages of a site that `large_site` has made."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from comparison.large_site import MANY_VERSIONS, N_VERSIONS, RARE_WORD
from mlsite.guide.pages import load_pages
from predictor.models import Event, ModelVersion, RegisteredModel
from tasks.models import Task

VISITOR, STAFF = "visitor", "staff"
TASK_FILTERS = (
    {"ordering": "due_at", "done": "false"},
    {"overdue": "true", "ordering": "due_at"},
    {"overdue": "true", "priority": "4", "ordering": "title"},
    {"search": "budget"},
    {"search": RARE_WORD},
    {"search": RARE_WORD, "overdue": "true", "ordering": "due_at"},
    {"search": "no task has this"},
    {"search": "no task has this", "overdue": "true", "ordering": "due_at"},
    {"search": "budget", "overdue": "true", "priority": "1", "ordering": "-updated_at"},
)


@dataclass(frozen=True)
class Page:
    """A page as one user sees it."""

    user: str
    path: str


def list_pages() -> Iterator[Page]:
    """Yield the pages of visitors, and those of staff."""
    task = Task.objects.filter(description__gt="", due_at__isnull=False).last()
    offline = RegisteredModel.objects.order_by("name").exclude(versions__state="live").first()
    guide = max(load_pages().values(), key=lambda page: len(page.html))
    versions = N_VERSIONS
    many = f"/models/{MANY_VERSIONS}/"
    visitor = [
        "/",
        "/?search=penguins",
        "/models/",
        "/models/?format=api",
        many,
        f"{many}?format=api",
        "/models/diabetes/",
        "/models/wide/",
        f"/models/{offline.name}/",
        f"{many}versions/",
        f"{many}versions/{versions}/?compare=1",
        "/models/wide/versions/1/",
        "/models/wide/versions/1/?format=api",
        "/predict",
        "/predict/table",
        f"{many}predict",
        "/models/wide/predict",
        "/models/wide/predict/table",
        "/software/",
        "/tasks/",
        "/tasks/?format=api",
        f"/tasks/{task.pk}/",
        *map(task_list, TASK_FILTERS),
        "/guide/",
        "/guide/?search=model",
        f"/guide/{guide.name}",
        "/schema/",
        "/schema/?format=api",
        "/docs/",
        "/auth/login/",
        "/nothing",
    ]
    yield from (Page(VISITOR, path) for path in visitor)
    wide = ModelVersion.objects.get(model__name="wide")
    model = RegisteredModel.objects.get(name=MANY_VERSIONS)
    version = model.versions.order_by("version")[0]
    event = Event.objects.last()
    admin = "/admin/predictor"
    staff = [
        "/",
        many,
        f"{many}versions/",
        f"{many}promote",
        f"{many}rollback",
        "/models/penguins/train",
        "/tasks/",
        "/auth/account/",
        "/admin/",
        "/admin/tasks/task/",
        "/admin/tasks/task/?p=1000",
        "/admin/tasks/task/?done__exact=0&due=overdue",
        f"/admin/tasks/task/?q={RARE_WORD}",
        f"/admin/tasks/task/{task.pk}/change/",
        f"{admin}/registeredmodel/",
        f"{admin}/registeredmodel/{model.pk}/change/",
        f"{admin}/registeredmodel/{model.pk}/rollback/",
        f"{admin}/modelversion/",
        f"{admin}/modelversion/?model__id__exact={model.pk}",
        f"{admin}/modelversion/?q=wide",
        f"{admin}/modelversion/add/",
        f"{admin}/modelversion/{wide.pk}/change/",
        f"{admin}/modelversion/{version.pk}/promote/",
        f"{admin}/event/",
        f"{admin}/event/?q=admin",
        f"{admin}/event/{event.pk}/change/",
        "/admin/mlsite/token/",
        "/admin/mlsite/token/add/",
        "/admin/auth/user/",
    ]
    yield from (Page(STAFF, path) for path in staff)


def task_list(filters: dict[str, str]) -> str:
    return f"/tasks/?{urlencode(filters)}"
