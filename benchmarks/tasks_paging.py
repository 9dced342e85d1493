"""Time of a page of tasks with 1,000 and with 1,000,000 tasks, for every ordering.

    python benchmarks/tasks_paging.py [--tasks 1000000] [--rounds 30]

Each figure is a whole request in process: URL, filters, queries, serializer, JSON. The two
databases are queried in turn, and the medians are compared. The second page begins in the middle of
a run of equal values; the page before is reached through `previous` from a later page.
"""

import atexit
import logging
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from comparison import scripts
from comparison.paths import ROOT

sys.path.insert(0, str(ROOT))
scratch = Path(tempfile.mkdtemp(prefix="tasks-paging-"))
atexit.register(shutil.rmtree, scratch)
os.environ["DATABASE_URL"] = f"sqlite:///{scratch / 'db.sqlite3'}"
os.environ["DJANGO_SETTINGS_MODULE"] = "mlsite.settings"

import django  # noqa: E402 - the environment comes first

django.setup(set_prefix=False)

from django.core.management import call_command  # noqa: E402 - Django is set up first
from django.db import connections  # noqa: E402 - the same
from django.test import Client  # noqa: E402 - the same

from tasks.filters import ORDERINGS  # noqa: E402 - the same
from tasks.models import Task  # noqa: E402 - the same

FEW = 1000
BATCH = 10_000
PAGE_SIZE = 100
START = datetime(2026, 1, 1, tzinfo=UTC)


def use_database(count: int) -> None:
    """Switch to the database with that many tasks."""
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = str(scratch / f"{count}.sqlite3")


def fill_database(count: int) -> None:
    """Create tasks: four priorities, 5,000 tasks per creation time, half without a due date."""
    use_database(count)
    call_command("migrate", verbosity=0)
    rng = random.Random(0)  # noqa: S311 - the same tasks every time
    for first in range(0, count, BATCH):
        Task.objects.bulk_create(
            Task(
                title=f"Task {rng.randrange(count)}",
                priority=rng.randrange(1, 5),
                due_at=START + timedelta(hours=rng.randrange(1000)) if n % 2 else None,
                created_at=START + timedelta(seconds=n // 5000),
                updated_at=START + timedelta(seconds=rng.randrange(count)),
            )
            for n in range(first, min(first + BATCH, count))
        )


def page_urls(client: Client, ordering: str) -> dict[str, str]:
    """Return the URLs of the first page, of the second, and of one reached through `previous`."""
    first = f"/tasks/?ordering={ordering}"
    page = client.get(first).json()
    second = page["next"]
    for _ in range(4):
        page = client.get(page["next"]).json()
    return {"first": first, "next": second, "previous": page["previous"]}


def time_ms(client: Client, url: str) -> float:
    start = time.perf_counter()
    results = client.get(url).json()["results"]
    elapsed_ms = (time.perf_counter() - start) * 1000
    if len(results) != PAGE_SIZE:
        sys.exit(f"{url} has {len(results)} tasks instead of {PAGE_SIZE}.")
    return elapsed_ms


def measure(client: Client, many: int, rounds: int) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the median times with few and with many tasks, by ordering and page."""
    medians = {}
    for ordering in ORDERINGS:
        urls = {}
        for count in (FEW, many):
            use_database(count)
            urls[count] = page_urls(client, ordering)
        for page in urls[FEW]:
            times: dict[int, list[float]] = {count: [] for count in urls}
            for _ in range(rounds):
                for count in urls:
                    use_database(count)
                    client.get(urls[count]["first"])  # opens the connection, fills the cache
                    times[count].append(time_ms(client, urls[count][page]))
            medians[ordering, page] = (
                statistics.median(times[FEW]),
                statistics.median(times[many]),
            )
    return medians


def main() -> None:
    logging.disable()
    parser = scripts.parser(__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    for count in (FEW, options.tasks):
        fill_database(count)
    medians = measure(Client(headers={"host": "localhost"}), options.tasks, options.rounds)
    ratios = {key: large / small for key, (small, large) in medians.items()}
    slowest = max(ratios, key=lambda key: ratios[key])
    small, large = medians[slowest]
    result = scripts.Result(
        title="Time of a page of tasks (`benchmarks/tasks_paging.py`)",
        head=["ordering", "page", f"{FEW:,} tasks", f"{options.tasks:,} tasks", "ratio"],
        rows=[
            [f"`{key[0]}`", key[1], *(f"{ms:.2f} ms" for ms in pair), f"{ratios[key]:.2f}x"]
            for key, pair in medians.items()
        ],
        value=ratios[slowest],
        explanation=f"{large:.1f} vs {small:.1f} ms; `?ordering={slowest[0]}`, {slowest[1]} page",
    )
    scripts.publish(result, options.json)


if __name__ == "__main__":
    main()
