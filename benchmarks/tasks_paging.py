"""What a page of tasks costs at 1,000 and at 1,000,000 rows, for every ordering.

    python benchmarks/tasks_paging.py [--rows 1000000] [--rounds 30]

Each figure is a whole request in process: URL, filters, queries, serializer, JSON. The two
databases are asked in turn, and the medians are compared. The second page lies in the middle of a
run of equal values; `previous` is asked for from the page after it.
"""

import argparse
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

sys.path.insert(0, str(Path(__file__).parents[1]))
scratch = Path(tempfile.mkdtemp(prefix="tasks-paging-"))
atexit.register(shutil.rmtree, scratch)
os.environ["DATABASE_URL"] = f"sqlite:///{scratch / 'db.sqlite3'}"
os.environ["DJANGO_SETTINGS_MODULE"] = "mlsite.settings"

import django  # noqa: E402 - the environment comes first

django.setup(set_prefix=False)

from django.core.management import call_command  # noqa: E402 - only now, as all below
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402

from tasks.filters import ORDERINGS  # noqa: E402
from tasks.models import Task  # noqa: E402

SMALL = 1000
BATCH = 10_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def use(rows: int) -> None:
    """Turn to the database of so many tasks."""
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = str(scratch / f"{rows}.sqlite3")


def fill(rows: int) -> None:
    """Make a database: four priorities, 5,000 tasks to a time, half without a due date."""
    use(rows)
    call_command("migrate", verbosity=0)
    rng = random.Random(0)  # noqa: S311 - the same rows every time
    for first in range(0, rows, BATCH):
        Task.objects.bulk_create(
            Task(
                title=f"Task {rng.randrange(rows)}",
                priority=rng.randrange(1, 5),
                due_at=START + timedelta(hours=rng.randrange(1000)) if n % 2 else None,
                created_at=START + timedelta(seconds=n // 5000),
                updated_at=START + timedelta(seconds=rng.randrange(rows)),
            )
            for n in range(first, min(first + BATCH, rows))
        )


def addresses(client: Client, ordering: str) -> dict[str, str]:
    """Return the first page, the second, the one in the middle that is reached by `previous`."""
    first = f"/tasks/?ordering={ordering}"
    page = client.get(first).json()
    second = page["next"]
    for _ in range(4):
        page = client.get(page["next"]).json()
    return {"first": first, "next": second, "previous": page["previous"]}


def time_ms(client: Client, url: str) -> float:
    """Return how long the page takes, in milliseconds."""
    started = time.perf_counter()
    results = client.get(url).json()["results"]
    taken = (time.perf_counter() - started) * 1000
    if len(results) != 100:  # noqa: PLR2004 - the size of a page
        sys.exit(f"{url} has {len(results)} tasks.")
    return taken


def main() -> None:
    """Fill both databases, and print a line for each ordering and page."""
    logging.disable()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    sizes = (SMALL, options.rows)
    for rows in sizes:
        fill(rows)
    client = Client(headers={"host": "localhost"})
    print(f"{'ordering':12} {'page':9} {sizes[0]:>9,} {sizes[1]:>11,}   ratio")
    for ordering in ORDERINGS:
        urls = {}
        for rows in sizes:
            use(rows)
            urls[rows] = addresses(client, ordering)
        for page in urls[SMALL]:
            taken: dict[int, list[float]] = {rows: [] for rows in sizes}
            for _ in range(options.rounds):
                for rows in sizes:
                    use(rows)
                    client.get(urls[rows]["first"])  # a connection, and a warm cache, for both
                    taken[rows].append(time_ms(client, urls[rows][page]))
            small, large = (statistics.median(taken[rows]) for rows in sizes)
            print(f"{ordering:12} {page:9} {small:6.2f} ms {large:8.2f} ms {large / small:7.2f}")


if __name__ == "__main__":
    main()
