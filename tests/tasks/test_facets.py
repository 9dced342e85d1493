"""Choices of the list page with their counts, and the headers of its columns."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks import facets
from tasks.facets import Facets
from tests.tasks.conftest import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def tasks(db):
    past, future = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)
    make(title="late", due_at=past, priority=4)
    make(title="soon", due_at=future)
    make(title="done late", due_at=past, done=True)


def choices(query):
    listed = Facets(QueryDict(query))
    return [
        (c.label, c.number) for c in (*listed.states(), *listed.priorities()) if c.number != "0"
    ]


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        (
            "",
            [
                *(("All", "3"), ("Open", "2"), ("Done", "1"), ("Overdue", "1")),
                *(("Any priority", "3"), ("Urgent", "1"), ("Normal", "2")),
            ],
        ),
        (
            "priority=4&page_size=1&format=api",
            [
                *(("All", "1"), ("Open", "1"), ("Overdue", "1")),
                *(("Any priority", "3"), ("Urgent", "1"), ("Normal", "2")),
            ],
        ),
        (
            "search=late&done=false",
            [
                *(("All", "2"), ("Open", "1"), ("Done", "1"), ("Overdue", "1")),
                *(("Any priority", "1"), ("Urgent", "1")),
            ],
        ),
    ],
)
def test_each_choice_counts_with_the_other_filters(tasks, query, counts):
    assert choices(query) == counts


def test_a_choice_keeps_the_other_filters_and_the_order(tasks):
    listed = Facets(QueryDict("priority=4&ordering=title&cursor=x&done=true"))
    assert [(c.query, c.is_current) for c in listed.states()] == [
        ("?priority=4&ordering=title", False),
        ("?priority=4&ordering=title&done=false", False),
        ("?priority=4&ordering=title&done=true", True),
        ("?priority=4&ordering=due_at&overdue=true", False),
    ]


@pytest.mark.parametrize(
    ("ordering", "headers"),
    [
        ("", [("?ordering=title", ""), ("?ordering=-priority", ""), ("?ordering=due_at", "")]),
        (
            "title",
            [
                ("?ordering=-title", "ascending"),
                ("?ordering=-priority", ""),
                ("?ordering=due_at", ""),
            ],
        ),
        (
            "-priority",
            [
                ("?ordering=title", ""),
                ("?ordering=priority", "descending"),
                ("?ordering=due_at", ""),
            ],
        ),
    ],
)
def test_a_header_orders_and_then_reverses(ordering, headers):
    listed = Facets(QueryDict(f"ordering={ordering}"))
    assert [(h.query, h.direction) for h in listed.headers()] == headers


@pytest.mark.parametrize("query", ["", "search=a", "search=a&done=false"])
def test_counting_stops_at_the_limit(monkeypatch, query):
    monkeypatch.setattr(facets, "MAX_COUNT", 3)
    make(4)
    make(priority=4)
    listed = Facets(QueryDict(query))
    assert facets.as_text(listed.total()) == "3+"
    assert {c.number for c in listed.states()} <= {"3+", "0", ""}
    assert Facets(QueryDict(f"{query}&priority=4")).total() == 1


@pytest.mark.parametrize(
    "query", ["", "done=false", "overdue=true", "priority=3", "done=true&priority=4"]
)
def test_counts_read_an_index_and_no_more_rows_than_the_limit(query):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        choices(query)
    assert len(queries) == 9
    for captured in queries:
        assert re.search(r"LIMIT 1001\) subquery$", captured["sql"])
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {captured['sql']}")
            plan = [row[-1] for row in cursor.fetchall()]
        assert all("USING COVERING INDEX" in step for step in plan if "tasks_task" in step), plan


def test_a_search_reads_the_texts_once(tasks, django_assert_num_queries):
    with CaptureQueriesContext(connection) as queries:
        choices("search=late")
    assert sum("LIKE" in captured["sql"] for captured in queries) == 1


@pytest.mark.parametrize(("query", "n_reads"), [("search=late", 1), ("search=late&done=true", 2)])
def test_a_page_of_all_tasks_that_match_reads_their_texts_once(client, tasks, query, n_reads):
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"/tasks/?{query}", HTTP_ACCEPT="text/html").content.decode()
    assert sum("LIKE" in captured["sql"] for captured in queries) == n_reads
    assert re.search(r"Done <span[^>]*>1</span>", page)
