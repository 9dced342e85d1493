"""Weight and response time of every page of a site with 200 models and 100,000 tasks.

    python benchmarks/pages.py [--rounds 15]

The pages are requested from a server with one worker process, one after the other, with the headers
of a browser. The page is the HTML; the files are its style sheets and scripts, which a browser
keeps for the next page. Both weights are stated before compression and as they are sent. The time
is that of the whole response. The CPU time depends less on other processes of the machine.
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
from http import HTTPStatus
from pathlib import Path
from statistics import median

from comparison import peers, scripts
from comparison.models import served
from comparison.paths import ROOT
from comparison.processes import cpu_s, family
from comparison.servers import HOST, Server, serving

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

from comparison.large_site import make_site  # noqa: E402 - Django is set up first
from comparison.large_site_pages import STAFF, VISITOR, Page, list_pages  # noqa: E402 - the same
from django.contrib.auth.models import User  # noqa: E402 - the same
from django.test import Client  # noqa: E402 - the same

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip"}
SERVE = ("{bin}/python", str(ROOT / "manage.py"), "serve", "--bind", f"{HOST}:{{port}}")
# Statuses of the pages; a 404 is a page too. A redirect would be measured as a short page.
STATUSES = {HTTPStatus.OK, HTTPStatus.NOT_FOUND}
FILE = re.compile(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"')


@dataclass(frozen=True)
class Weight:
    """Bytes of a text before compression, and as it is sent."""

    whole: int
    sent: int

    def __add__(self, other: "Weight") -> "Weight":
        return Weight(self.whole + other.whole, self.sent + other.sent)

    def cells(self) -> list[str]:
        return [f"{self.whole / 1000:.1f} KB", f"{self.sent / 1000:.1f} KB"]


@dataclass(frozen=True)
class Measurement:
    """Weights of a page and of its style sheets and scripts, and the times of its requests."""

    page: Page
    html: Weight
    files: Weight
    times_ms: list[float]
    cpu_ms: float

    def cells(self) -> list[str]:
        """Return the line of the page in the table."""
        times_ms = (median(self.times_ms), max(self.times_ms), self.cpu_ms)
        return [
            f"`{self.page.path}`",
            self.page.user,
            *self.html.cells(),
            *self.files.cells(),
            *(f"{time_ms:.0f} ms" for time_ms in times_ms),
        ]


def sign_in() -> str:
    """Return the cookie of the administrator's session."""
    client = Client()
    client.force_login(User.objects.get())
    return f"sessionid={client.cookies['sessionid'].value}"


class Browser:
    """Requests of one user on one connection, and the weights of files that were fetched."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.connection = http.client.HTTPConnection(HOST, port)
        self.headers = BROWSER | headers
        self.files: dict[str, Weight] = {}

    def fetch(self, path: str) -> tuple[bytes, Weight]:
        """Return the text of a response and its weight."""
        self.connection.request("GET", path, headers=self.headers)
        response = self.connection.getresponse()
        body = response.read()
        if response.status not in STATUSES:
            sys.exit(f"{path} is a {response.status}.")
        text = gzip.decompress(body) if response.headers["Content-Encoding"] == "gzip" else body
        return text, Weight(len(text), len(body))

    def weigh_files(self, text: bytes) -> Weight:
        """Return the weight of the style sheets and scripts of a page."""
        paths = FILE.findall(text.decode())
        for path in set(paths) - self.files.keys():
            self.files[path] = self.fetch(path)[1]
        return sum((self.files[path] for path in paths), Weight(0, 0))


def measure(server: Server, rounds: int) -> Iterator[Measurement]:
    """Yield each page with its weights and its times."""
    browsers = {
        VISITOR: Browser(server.port, {}),
        STAFF: Browser(server.port, {"Cookie": sign_in()}),
    }
    processes = family(server.process.pid)
    for page in list_pages():
        browser, times_ms = browsers[page.user], []
        cpu_before_s = cpu_s(processes)
        for _ in range(rounds):
            start = time.perf_counter()
            text, weight = browser.fetch(page.path)
            times_ms.append((time.perf_counter() - start) * 1000)
        cpu_ms = (cpu_s(processes) - cpu_before_s) * 1000 / rounds
        yield Measurement(page, weight, browser.weigh_files(text), times_ms, cpu_ms)


def main() -> None:
    parser = scripts.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    make_site(scratch)
    peer = peers.this_project()
    peer = replace(peer, command=(*SERVE, "--workers", "1"), environment=peer.environment | SITE)
    with serving(peer, served("logistic"), scratch / "server") as server:
        measurements = list(measure(server, options.rounds))
    slowest = max(measurements, key=lambda each: median(each.times_ms))
    heaviest = max(measurements, key=lambda each: each.html.whole)
    result = scripts.Result(
        title="Pages of a site with 200 models and 100,000 tasks (`benchmarks/pages.py`)",
        head=[
            *("address", "user", "page", "page, sent", "files", "files, sent"),
            *("median", "slowest", "CPU"),
        ],
        rows=[measurement.cells() for measurement in measurements],
        value=median(slowest.times_ms),
        explanation=f"`{slowest.page.path}`; the heaviest page is `{heaviest.page.path}` with "
        f"{heaviest.html.whole / 1000:.0f} KB",
    )
    scripts.publish(result, options.json)


if __name__ == "__main__":
    main()
