from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.test import Client

from tasks.models import Task


@pytest.fixture
def examples(db):
    """Tasks 1 "buy" and 2 "cook", as a new site has them."""
    call_command("loaddata", "example_tasks", verbosity=0)


@pytest.fixture
def browser():
    """A client that asks for pages."""
    return Client(headers={"accept": "text/html"})


def make(n=1, **fields):
    """Make tasks with any times, past the model's own `save`."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    times = {"created_at": now, "updated_at": now}
    if fields.get("done"):
        times["completed_at"] = now
    titled = {"title": "a"} | times | fields
    return Task.objects.bulk_create([Task(**titled) for _ in range(n)])
