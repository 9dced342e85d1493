"""Filters, search and orderings of the list."""

from datetime import UTC, datetime

import pytest

from tasks.models import Task
from tests.tasks.conftest import make

KNOWN = (
    "search, done, priority, overdue, due_before, due_after, updated_since, updated_before, "
    "ordering, cursor, page_size, format"
)

pytestmark = pytest.mark.django_db


def titles(client, query):
    answer = client.get(f"/tasks/?{query}")
    assert answer.status_code == 200, answer.json()
    return [task["title"] for task in answer.json()["results"]]


@pytest.fixture
def four(db):
    def day(n):
        return datetime(2026, 1, n, tzinfo=UTC)

    make(title="b", due_at=day(2), priority=1, created_at=day(4), updated_at=day(7))
    make(title="A", due_at=None, priority=4, created_at=day(1), updated_at=day(6), done=True)
    make(title="é", due_at=day(1), priority=2, created_at=day(3), updated_at=day(5))
    make(title="a", due_at=None, priority=2, created_at=day(2), description="bee")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "bAéa"),
        ("done=true", "A"),
        ("done=false", "béa"),
        ("priority=2", "éa"),
        ("due_before=2026-01-02T00:00:00", "é"),
        ("due_before=2026-01-02T00:00:00.000001Z", "bé"),
        ("due_after=2026-01-01T00:00:00Z", "b"),
        ("due_after=2026-01-01T00:59:59%2B01:00", "bé"),
        ("updated_since=2026-01-06", "bA"),
        ("updated_before=2026-01-06", "éa"),
        ("overdue=true", "bé"),
        ("overdue=true&ordering=due_at", "éb"),
        ("search=b", "ba"),
        ("search=b&priority=2", "a"),
        ("search=%25", ""),
        ("done=&priority=&search=&due_before=&ordering=&page_size=&cursor=", "bAéa"),
        ("done=true&priority=1", ""),
        ("due_before=0001-01-01T00:00:00&due_after=9999-12-31T23:59:59.999999", ""),
        ("ordering=id", "bAéa"),
        ("ordering=-id", "aéAb"),
        ("ordering=created_at", "Aaéb"),
        ("ordering=-created_at", "béaA"),
        ("ordering=updated_at", "aéAb"),
        ("ordering=-updated_at", "bAéa"),
        ("ordering=due_at", "ébAa"),
        ("ordering=-due_at", "béaA"),
        ("ordering=priority", "béaA"),
        ("ordering=-priority", "Aaéb"),
        ("ordering=title", "Aabé"),
        ("ordering=-title", "ébaA"),
        ("format=json&ordering=title&done=false", "abé"),
    ],
)
def test_filters_and_orderings(client, four, query, found):
    assert titles(client, query) == list(found)


ORDERINGS = (
    "id, -id, created_at, -created_at, updated_at, -updated_at, due_at, -due_at, priority, "
    "-priority, title, -title"
)


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        (
            "done=yes",
            {"done": ["Expected one of true, false; got yes."]},
        ),
        (
            "priority=5",
            {"priority": ["Expected one of 1, 2, 3, 4; got 5."]},
        ),
        (
            "ordering=colour",
            {"ordering": [f"Expected one of {ORDERINGS}; got colour."]},
        ),
        (
            "ordering=title,id",
            {"ordering": [f"Expected one of {ORDERINGS}; got title,id."]},
        ),
        ("due_before=soon", {"due_before": ["Expected a time such as 2030-01-31T12:00Z."]}),
        (
            "due_after=0001-01-01T00:00:00%2B00:01",
            {"due_after": ["Enter a time between the years 1 and 9999."]},
        ),
        (
            "updated_since=10000-01-01",
            {"updated_since": ["Expected a time such as 2030-01-31T12:00Z."]},
        ),
        ("search=%00", {"search": ["Null characters are not allowed."]}),
        (
            "search=" + "a" * 201,
            {"search": ["Ensure this value has at most 200 characters (it has 201)."]},
        ),
        ("page_size=0", {"page_size": ["Must be an integer from 1 to 1000."]}),
        ("page_size=1001", {"page_size": ["Must be an integer from 1 to 1000."]}),
        ("page_size=ten", {"page_size": ["Must be an integer from 1 to 1000."]}),
        ("page_size=%D9%A1", {"page_size": ["Must be an integer from 1 to 1000."]}),
        ("done=true&done=false", {"done": ["This parameter may occur only once."]}),
        (
            "dnoe=true",
            {"dnoe": [f"Unknown parameter; the list takes {KNOWN}."]},
        ),
    ],
)
def test_what_is_not_understood_is_a_400_that_names_it(client, four, query, errors):
    answer = client.get(f"/tasks/?{query}")
    assert (answer.status_code, answer.json()) == (400, errors)


def test_times_are_compared_to_the_microsecond(client, four):
    when = Task.objects.get(title="é").updated_at.isoformat().replace("+00:00", "Z")
    assert titles(client, f"updated_since={when}") == ["b", "A", "é"]
