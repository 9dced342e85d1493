"""Keyset pages: every task once, in both directions, with concurrent changes."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.filters import ORDERINGS
from tasks.models import Task
from tests.tasks.conftest import make

pytestmark = pytest.mark.django_db
NOT_OURS = "This is not a cursor of this list; copy it unchanged from `next` or `previous`."


def ids(page):
    return [task["id"] for task in page["results"]]


def walk(client, url, way="next"):
    """Return the pages from the address on, one way."""
    pages = []
    while url:
        pages.append(client.get(url).json())
        url = pages[-1][way]
    return pages


def both_ways(client, url):
    """Return the ids from first to last, after checking that they are the same backwards."""
    pages = walk(client, url)
    back = walk(client, pages[-1]["previous"], "previous")[::-1] if len(pages) > 1 else []
    assert [ids(page) for page in back] == [ids(page) for page in pages[:-1]]
    assert all(page["previous"] is None for page in pages[:1] + back[:1])
    return [id_ for page in pages for id_ in ids(page)]


@pytest.fixture
def mixed(db):
    """Fourteen tasks with few distinct values, a third without a due date."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(14):
        make(
            title=f"t{n * 7 % 4}",
            priority=n * 5 % 4 + 1,
            due_at=None if n % 3 == 0 else start + timedelta(days=n * 11 % 5),
            created_at=start + timedelta(hours=n // 4),
            updated_at=start + timedelta(microseconds=n * 13 % 7),
            done=n % 2 == 0,
        )


def expected(ordering, tasks):
    """Return the ids in order: as Python sorts them, empty values last."""
    name = ordering.removeprefix("-")
    filled = [task for task in tasks if getattr(task, name) is not None]
    empty = [task for task in tasks if getattr(task, name) is None]
    for part in (filled, empty):
        part.sort(key=lambda task: (getattr(task, name) or 0, task.pk), reverse="-" in ordering)
    return [task.pk for task in filled + empty]


@pytest.mark.parametrize(
    ("ordering", "size"),
    [*((ordering, 3) for ordering in ORDERINGS), ("due_at", 1), ("-due_at", 1)],
)
def test_every_ordering_has_every_task_once_both_ways(client, mixed, ordering, size):
    found = both_ways(client, f"/tasks/?ordering={ordering}&page_size={size}")
    assert found == expected(ordering, Task.objects.all())


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_filters_go_along_from_page_to_page(client, mixed, ordering):
    url = f"/tasks/?ordering={ordering}&page_size=1&done=true&due_after=2026-01-01"
    wanted = Task.objects.filter(done=True, due_at__gt=datetime(2026, 1, 1, tzinfo=UTC))
    assert both_ways(client, url) == expected(ordering, wanted)


@pytest.mark.parametrize("ordering", ["priority", "-due_at"])
def test_a_thousand_tasks_that_share_a_value_come_once_each(client, ordering):
    made = make(1000)
    found = both_ways(client, f"/tasks/?ordering={ordering}&page_size=200")
    assert found == expected(ordering, made)


def test_a_page_has_a_hundred(client):
    make(201)
    assert [len(ids(page)) for page in walk(client, "/tasks/")] == [100, 100, 1]


@pytest.mark.parametrize("ordering", ["id", "-id", "priority", "-due_at", "title"])
def test_what_is_there_all_along_comes_once_while_others_come_and_go(client, mixed, ordering):
    kept = set(Task.objects.values_list("pk", flat=True)[::2])
    seen = []
    url = f"/tasks/?ordering={ordering}&page_size=3"
    while url:
        page = client.get(url).json()
        seen += ids(page)
        # The task that the next page begins after is among those that go.
        Task.objects.filter(pk__in=seen).exclude(pk__in=kept).delete()
        newest = Task.objects.exclude(pk__in=kept).order_by("-pk")[:1]
        Task.objects.filter(pk__in=newest).delete()
        if len(seen) < 20:
            make(title="t0", priority=1)
            make(title="t3", priority=4, due_at=datetime(2026, 1, 3, tzinfo=UTC))
        url = page["next"]
    assert len(seen) == len(set(seen))
    assert kept <= set(seen)


def test_a_page_whose_tasks_have_gone_leads_back_to_those_that_are_left(client):
    one, two, *_ = [task.pk for task in make(6)]
    first = client.get("/tasks/?page_size=2").json()
    second = client.get(first["next"]).json()
    Task.objects.filter(pk__gt=two).delete()
    empty = client.get(first["next"]).json()
    assert (empty["results"], empty["next"]) == ([], None)
    last = client.get(empty["previous"]).json()
    assert (last["previous"], ids(last), last["next"]) == (None, [one, two], None)
    new = [task.pk for task in make(2)]
    Task.objects.filter(pk__lte=two).delete()
    empty = client.get(second["previous"]).json()
    assert (empty["results"], empty["previous"]) == ([], None)
    assert ids(client.get(empty["next"]).json()) == new


def cursor_of(client, query):
    return re.search("cursor=([^&]+)", client.get(f"/tasks/?{query}").json()["next"])[1]


@pytest.mark.parametrize(
    "query",
    [
        "cursor=abc",
        "cursor=%00",
        "cursor=" + "a" * 5000,
        "cursor={ours}x",
        "cursor=x{ours}",
        "ordering=-id&cursor={ours}",
        "ordering=due_at&cursor={ours}",
        "done=true&cursor={ours}",
        "search=a&cursor={ours}",
        "cursor={foreign}",
    ],
)
def test_a_broken_or_foreign_cursor_is_a_400(client, query):
    make(3)
    ours = cursor_of(client, "page_size=1")
    foreign = signing.Signer(salt="elsewhere").sign_object([False, None, 1])
    answer = client.get(f"/tasks/?{query.format(ours=ours, foreign=foreign)}")
    assert (answer.status_code, answer.json()) == (400, {"cursor": [NOT_OURS]})


def test_a_cursor_goes_with_any_page_size_and_spelling_of_its_list(client):
    _, *rest = [task.pk for task in make(4)]
    ours = cursor_of(client, "page_size=1")
    for query in ("", "page_size=3", "ordering=id", "done=&search=", "format=json"):
        assert ids(client.get(f"/tasks/?{query}&cursor={ours}").json()) == rest


def plans(urls, client):
    """Return the plans of the statements behind the addresses."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for url in urls:
            assert client.get(url).status_code == 200
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            yield from (row[3] for row in cursor.fetchall())


@pytest.mark.parametrize("filters", ["", "&done=false"])
@pytest.mark.parametrize("ordering", ORDERINGS)
def test_each_page_is_read_along_an_index(client, mixed, ordering, filters):
    Task.objects.update(done=False, completed_at=None)
    first = f"/tasks/?page_size=4&ordering={ordering}{filters}"
    pages = walk(client, first)
    name = ordering.removeprefix("-")
    index = f"task_done_{name}" if filters else f"task_{name}"
    index = {"task_id": "INTEGER PRIMARY KEY", "task_done_id": "task_done"}.get(index, index)
    links = [page[way] for page in pages for way in ("next", "previous") if page[way]]
    for plan in plans(links, client):
        assert plan.startswith("SEARCH tasks_task USING ")
        assert f" {index} (" in plan
    for plan in plans([first], client):
        assert "TEMP B-TREE" not in plan
        assert f" {index}" in plan or plan == "SCAN tasks_task"  # as it lies: by id


def test_a_page_takes_at_most_three_statements(client, mixed, django_assert_max_num_queries):
    for page in walk(client, "/tasks/?ordering=due_at&page_size=4"):
        if page["next"]:
            with django_assert_max_num_queries(3):
                client.get(page["next"])
