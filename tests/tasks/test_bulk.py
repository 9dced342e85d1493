"""Many tasks at once."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from tasks.models import Task
from tests.browser_requests import FORM
from tests.tasks.conftest import make
from tests.tasks.test_tasks import OBJECT

pytestmark = pytest.mark.django_db


def post(client, body):
    return client.post("/tasks/", body, content_type="application/json")


def test_a_list_makes_each_of_its_tasks_in_order(client):
    answer = post(client, [{"title": "a", "done": True}, {"title": "b", "priority": 4}])
    assert answer.status_code == 201
    first, second = answer.json()
    assert (first["title"], second["title"], second["priority"]) == ("a", "b", 4)
    assert first["completed_at"] == first["created_at"]
    assert client.get("/tasks/").json()["results"] == [first, second]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (
            [{"title": "a"}, {}, {"title": "b", "done": 1}, 5, [{"title": "c"}], None],
            {
                "1": {"title": ["This field is required."]},
                "2": {"done": ["Must be true or false."]},
                "3": {"detail": f"{OBJECT}a number."},
                "4": {"detail": f"{OBJECT}a list."},
                "5": {"detail": f"{OBJECT}null."},
            },
        ),
        ([], {"detail": "The list is empty. Send at least one task."}),
        ([{"title": "a"}] * 1001, {"detail": "A list takes at most 1000 tasks; got 1001."}),
    ],
)
def test_one_that_is_wrong_refuses_all_by_index(client, body, errors):
    answer = post(client, body)
    assert (answer.status_code, answer.json()) == (400, errors)
    assert not Task.objects.exists()


def test_a_thousand_are_made_in_a_few_statements(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(15):
        answer = post(client, [{"title": f"{n}"} for n in range(1000)])
    assert [task["title"] for task in answer.json()] == [f"{n}" for n in range(1000)]
    ids = [task["id"] for task in answer.json()]
    assert ids == sorted(set(ids))
    assert Task.objects.get(pk=ids[500]).title == "500"


@pytest.mark.parametrize(
    ("query", "deleted", "left"),
    [
        ("done=true", 3, ["b", "b"]),
        ("done=false", 2, ["a", "a", "c"]),
        ("done=true&search=a", 2, ["b", "b", "c"]),
        ("done=true&priority=&ordering=title&format=json", 3, ["b", "b"]),
        ("done=true&search=b", 0, ["a", "a", "b", "b", "c"]),
    ],
)
def test_a_filtered_delete_says_how_many_it_deleted(client, query, deleted, left):
    make(2, title="a", done=True)
    make(2, title="b")
    make(title="c", done=True)
    for url in ("/tasks/", "/tasks"):
        answer = client.delete(f"{url}?{query}")
        assert (answer.status_code, answer.json()) == (200, {"deleted": deleted})
        assert sorted(Task.objects.values_list("title", flat=True)) == left
        deleted = 0


@pytest.mark.parametrize(
    "query", ["", "done=", "ordering=id", "format=json", "search=%20%E2%80%83", "done=&search=+"]
)
def test_a_delete_without_a_filter_is_a_405(client, query):
    make(2)
    answer = client.delete(f"/tasks/?{query}")
    assert (answer.status_code, answer.json()) == (
        405,
        {"detail": "DELETE needs a filter here, such as ?done=true. Allowed: GET, POST."},
    )
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert Task.objects.count() == 2


DELETES = r'<form method="post" action="([^"]*)">(?=(?:(?!</form>).)*value="DELETE")'
TAKEN = (
    "search, done, priority, overdue, due_before, due_after, updated_since, updated_before, "
    "ordering, format"
)


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("dnoe=true", {"dnoe": [f"Unknown parameter; the list takes {TAKEN}."]}),
        ("done=true&page_size=1", {"page_size": [f"Unknown parameter; the list takes {TAKEN}."]}),
        (
            "done=maybe",
            {"done": ["Expected one of true, false; got maybe."]},
        ),
        ("done=true&done=false", {"done": ["This parameter may occur only once."]}),
        ("due_before=%20", {"due_before": ["Expected a time such as 2030-01-31T12:00Z."]}),
    ],
)
def test_a_delete_that_is_not_understood_deletes_nothing(client, query, errors):
    make(2, done=True)
    answer = client.delete(f"/tasks/?{query}")
    assert (answer.status_code, answer.json()) == (400, errors)
    assert Task.objects.count() == 2


@pytest.mark.parametrize(
    ("query", "question", "address"),
    [
        ("done=true", "Delete 3 tasks</button>", "?done=true"),
        ("done=true&search=b", "Delete 1 task</button>", "?done=true&search=b"),
        ("page_size=1&done=true&ordering=-id", "Delete 3 tasks</button>", "?done=true"),
    ],
)
def test_the_page_of_a_filtered_list_asks_before_it_deletes_how_many(
    browser, query, question, address
):
    make(2, done=True)
    make(title="b", done=True)
    make(title="b")
    page = browser.get(f"/tasks/?{query}").content.decode()
    assert question in page
    action = unescape(re.search(DELETES, page, re.DOTALL)[1])
    assert action.startswith(f"{address}&updated_before=20")
    make(title="b", done=True, updated_at=timezone.now())
    form = {"_method": "DELETE", "_next": "/tasks/"}
    assert browser.post(f"/tasks/{action}", urlencode(form), FORM).status_code == 303
    page = browser.get("/tasks/?done=true").content.decode()
    assert re.search("Deleted [13] tasks?[.]", page)
    assert '">b</a>' in page


@pytest.mark.parametrize("limit", ["", "2099-01-01", "2099-01-01T00:00:00+02:00"])
def test_a_filter_without_a_past_limit_deletes_no_later_changes(browser, limit):
    make(due_at=timezone.now() - timedelta(days=1))
    query = urlencode({"overdue": "true", "updated_before": limit, "due_before": limit})
    page = browser.get(f"/tasks/?{query}").content.decode()
    address = unescape(re.search(DELETES, page, re.DOTALL)[1])
    assert re.match(r"[?]overdue=true&updated_before=20[2-8].*&due_before=20[2-8]", address)


def test_a_past_limit_is_kept(browser):
    make(done=True, updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    page = browser.get("/tasks/?done=true&updated_before=2020-02-01").content.decode()
    assert "updated_before=2020-02-01T00%3A00%3A00%2B00%3A00" in unescape(page)


def test_a_task_that_is_overdue_only_later_is_not_deleted(browser):
    make(due_at=timezone.now() - timedelta(days=1))
    page = browser.get("/tasks/?overdue=true&ordering=due_at").content.decode()
    address = unescape(re.search(DELETES, page, re.DOTALL)[1])
    assert re.match(r"[?]overdue=true&updated_before=20.*&due_before=20", address)


@pytest.mark.parametrize(
    "query", ["", "ordering=-id", "done=false", "done=maybe", "done=true&dnoe=1"]
)
def test_nothing_is_offered_that_would_delete_nothing_or_be_refused(browser, query):
    make(2, done=True)
    page = browser.get(f"/tasks/?{query}").content.decode()
    assert not re.search(DELETES, page, re.DOTALL)
