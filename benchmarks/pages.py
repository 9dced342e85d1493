"""Weight and response time of every page of a site with 200 models and 100,000 tasks.

    python benchmarks/pages.py [--rounds 15]

The pages are requested from a server with one worker process, one after the other, with the headers
of a browser. HTML is the weight of the page itself. Files are its style sheets and scripts as they
are sent; a browser keeps them for the next page. The time of a page is that of its whole response.
"""

import atexit
import gzip
import http.client
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from comparison import peers, scripts
from comparison.models import served
from comparison.paths import ROOT
from comparison.servers import HOST, serving

sys.path.insert(0, str(ROOT))
scratch = Path(tempfile.mkdtemp(prefix="pages-"))
atexit.register(shutil.rmtree, scratch)
SITE = {
    "DATABASE_URL": f"sqlite:///{scratch / 'db.sqlite3'}",
    "MODELS_DIR": str(scratch / "models"),
}
os.environ |= SITE | {"DJANGO_SETTINGS_MODULE": "mlsite.settings"}

import django  # noqa: E402 - the environment comes first

django.setup(set_prefix=False)

from comparison import large_site  # noqa: E402 - Django is set up first
from django.contrib.auth.models import User  # noqa: E402 - the same
from django.test import Client  # noqa: E402 - the same

from mlsite.guide.pages import load_pages  # noqa: E402 - the same
from predictor.models import Event, ModelVersion, RegisteredModel  # noqa: E402 - the same
from tasks.models import Task  # noqa: E402 - the same

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip"}
SERVE = ("{bin}/python", str(ROOT / "manage.py"), "serve", "--bind", f"{HOST}:{{port}}")
FILE = re.compile(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"')
VISITOR, STAFF = "visitor", "staff"
MAX_HTML_KB = 150
# Swagger UI, whose script weighs more than all pages of the site.
HEAVY = "/docs/"


@dataclass(frozen=True)
class Page:
    """A page as one user sees it."""

    user: str
    path: str


@dataclass(frozen=True)
class Measured:
    """Weight of a page, weight of its style sheets and scripts, and its response times."""

    page: Page
    html: bytes
    files: list[str]
    times_ms: list[float]


def list_pages() -> Iterator[Page]:
    """Yield the pages of visitors, and those of staff."""
    task = Task.objects.filter(description__gt="", due_at__isnull=False).last()
    offline = RegisteredModel.objects.order_by("name").exclude(versions__state="live").first()
    guide = max(load_pages().values(), key=lambda page: len(page.html))
    versions = large_site.N_VERSIONS
    many = f"/models/{large_site.MANY_VERSIONS}/"
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
        HEAVY,
        "/auth/login/",
        "/nothing",
    ]
    yield from (Page(VISITOR, path) for path in visitor)
    wide = ModelVersion.objects.get(model__name="wide")
    model = RegisteredModel.objects.get(name=large_site.MANY_VERSIONS)
    version = model.versions.order_by("version")[0]
    event = Event.objects.last()
    admin = "/admin/predictor"
    staff = [
        "/",
        many,
        f"{many}versions/",
        f"{many}promote",
        "/models/penguins/train",
        "/tasks/",
        "/admin/",
        "/admin/tasks/task/",
        "/admin/tasks/task/?p=500",
        "/admin/tasks/task/?done__exact=0&due=overdue",
        f"/admin/tasks/task/?q={large_site.RARE_WORD}",
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


TASK_FILTERS = (
    {"ordering": "due_at", "done": "false"},
    {"overdue": "true", "ordering": "due_at"},
    {"overdue": "true", "priority": "4", "ordering": "title"},
    {"search": "budget"},
    {"search": large_site.RARE_WORD},
    {"search": large_site.RARE_WORD, "overdue": "true", "ordering": "due_at"},
    {"search": "no task has this"},
    {"search": "no task has this", "overdue": "true", "ordering": "due_at"},
    {"search": "budget", "overdue": "true", "priority": "1", "ordering": "-updated_at"},
)


def task_list(filters: dict[str, str]) -> str:
    return f"/tasks/?{urlencode(filters)}"


def sign_in() -> str:
    """Return the cookie of the administrator's session."""
    client = Client()
    client.force_login(User.objects.get())
    return f"sessionid={client.cookies['sessionid'].value}"


def fetch(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> bytes:
    """Return the body of a response as it is sent."""
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    if response.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        sys.exit(f"{path} is a {response.status}.")
    return body


def measure(port: int, rounds: int) -> tuple[list[Measured], dict[str, int]]:
    """Return each page with its times, and the weight of the files that pages refer to."""
    connection = http.client.HTTPConnection(HOST, port)
    headers = {VISITOR: BROWSER, STAFF: BROWSER | {"Cookie": sign_in()}}
    measured, weights = [], {}
    for page in list_pages():
        times_ms = []
        for _ in range(rounds):
            start = time.perf_counter()
            html = fetch(connection, page.path, headers[page.user])
            times_ms.append((time.perf_counter() - start) * 1000)
        files = FILE.findall(html.decode())
        for file in set(files) - weights.keys():
            weights[file] = len(fetch(connection, file, BROWSER))
        measured.append(Measured(page, html, files, times_ms))
    return measured, weights


def line(one: Measured, weights: dict[str, int]) -> list[str]:
    """Return the line of a page in the table."""
    sizes = len(one.html), len(gzip.compress(one.html)), sum(weights[file] for file in one.files)
    return [
        f"`{one.page.path}`",
        one.page.user,
        *(f"{size / 1000:.1f} KB" for size in sizes),
        f"{median(one.times_ms):.0f} ms",
        f"{max(one.times_ms):.0f} ms",
    ]


def main() -> None:
    parser = scripts.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    large_site.make_site(scratch)
    peer = peers.this_project()
    peer = replace(peer, command=(*SERVE, "--workers", "1"), environment=peer.environment | SITE)
    with serving(peer, served("logistic"), scratch / "server") as server:
        measured, weights = measure(server.port, options.rounds)
    slowest = max(measured, key=lambda one: median(one.times_ms))
    heaviest = max(measured, key=lambda one: len(one.html))
    result = scripts.Result(
        title="Pages of a site with 200 models and 100,000 tasks (`benchmarks/pages.py`)",
        head=["page", "user", "HTML", "HTML, gzip", "files", "median", "slowest"],
        rows=[line(one, weights) for one in measured],
        value=median(slowest.times_ms),
        explanation=f"`{slowest.page.path}`; the heaviest page is `{heaviest.page.path}` with "
        f"{len(heaviest.html) / 1000:.0f} KB",
    )
    scripts.publish(result, options.json)


if __name__ == "__main__":
    main()
