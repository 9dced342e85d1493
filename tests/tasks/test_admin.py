"""Tasks in the Django admin: listed, ticked off, found."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks.models import Task

LIST = "/admin/tasks/task/"


@pytest.fixture
def tasks(db):
    due = datetime(2030, 5, 17, 12, tzinfo=UTC)
    return [
        Task.objects.create(title="Buy milk", due_at=due, priority=4),
        Task.objects.create(title="Read a book", description="The one on the table", done=True),
    ]


def rows(client, query=""):
    """The titles in the list, and the page they are on."""
    page = client.get(f"{LIST}{query}")
    assert page.status_code == 200
    return [task.title for task in page.context["cl"].result_list], page.content.decode()


def test_the_list_shows_what_matters(admin_client, tasks):
    titles, page = rows(admin_client)
    assert titles == ["Read a book", "Buy milk"]
    for column in ("title", "done", "priority", "due_at", "updated_at"):
        assert f'class="field-{column}' in page or f"column-{column}" in page
    assert "Urgent" in page
    assert '<td class="field-due_at nowrap">-</td>' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?done__exact=1", ["Read a book"]),
        ("?priority__exact=4", ["Buy milk"]),
        ("?due=none", ["Read a book"]),
        ("?q=table", ["Read a book"]),
        ("?q=nothing", []),
        ("?created_at__year=1999", []),
    ],
)
def test_the_list_is_filtered_and_searched(admin_client, tasks, query, found):
    assert rows(admin_client, query)[0] == found


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        ("overdue", ["yesterday", "this morning"]),
        ("today", ["this morning", "tonight"]),
        ("week", ["tomorrow", "in 7 days"]),
        ("later", ["in 8 days"]),
        ("none", ["some day"]),
        ("other", None),
    ],
)
def test_tasks_are_found_by_when_they_are_due(admin_client, db, monkeypatch, choice, found):
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: noon)
    due = {
        "yesterday": noon - timedelta(days=1),
        "this morning": noon.replace(hour=0),
        "tonight": noon.replace(hour=23),
        "tomorrow": noon + timedelta(hours=12),
        "in 7 days": noon + timedelta(days=7, hours=11),
        "in 8 days": noon + timedelta(days=7, hours=12),
        "some day": None,
    }
    for title, due_at in due.items():
        Task.objects.create(title=title, due_at=due_at)
    Task.objects.create(title="done", due_at=noon - timedelta(days=2), done=True)
    titles, page = rows(admin_client, f"?due={choice}")
    assert titles == [*reversed(found or [*due, "done"])]
    assert page.count("By due date") == 1


@pytest.mark.parametrize(("action", "title"), [("mark_done", 0), ("mark_not_done", 1)])
def test_the_actions_stand_in_the_history_of_what_they_changed(admin_client, tasks, action, title):
    chosen = [task.pk for task in tasks]
    admin_client.post(LIST, {"action": action, "_selected_action": chosen})
    entry = LogEntry.objects.get()
    assert entry.get_edited_object() == tasks[title]
    assert (entry.action_flag, entry.get_change_message()) == (CHANGE, "Changed Done.")
    assert entry.user.username == "admin"
    page = admin_client.get(f"{LIST}{tasks[title].pk}/history/").content.decode()
    assert "Changed Done." in page


def test_the_date_of_creation_is_a_filter(admin_client, tasks):
    page = rows(admin_client)[1]
    assert "Past 7 days" in page
    assert "?created_at__gte=" in page


@pytest.mark.parametrize(("action", "done"), [("mark_done", True), ("mark_not_done", False)])
def test_the_actions_mark_the_selected_and_keep_their_times_true(admin_client, tasks, action, done):
    chosen = [task.pk for task in tasks]
    answer = admin_client.post(LIST, {"action": action, "_selected_action": chosen}, follow=True)
    assert "1 marked" in answer.content.decode()
    for task in Task.objects.all():
        assert (task.done, task.completed_at is not None) == (done, done)


def test_done_is_ticked_in_the_list_itself(admin_client, tasks):
    milk, book = tasks
    form = {
        "form-TOTAL_FORMS": 2,
        "form-INITIAL_FORMS": 2,
        "form-0-id": book.pk,
        "initial-form-0-done": "True",
        "form-1-id": milk.pk,
        "initial-form-1-done": "False",
        "form-1-done": "on",
        "_save": "Save",
    }
    assert admin_client.post(LIST, form).status_code == 302
    milk.refresh_from_db()
    book.refresh_from_db()
    assert (milk.done, milk.completed_at is not None) == (True, True)
    assert (book.done, book.completed_at) == (False, None)


def test_the_form_explains_itself_and_leaves_the_times_to_the_server(admin_client, tasks):
    page = admin_client.get(f"{LIST}{tasks[0].pk}/change/").content.decode()
    assert "Short description of the task." in page
    assert "From 1 (low) to 4 (urgent)." in page
    for name in ("created_at", "updated_at", "completed_at"):
        assert f'name="{name}' not in page
        assert f"field-{name}" in page


def test_a_task_is_added_and_its_blank_title_refused(admin_client, db):
    form = {"title": "  ", "priority": 2, "due_at_0": "", "due_at_1": ""}
    page = admin_client.post(f"{LIST}add/", form)
    assert page.status_code == 200
    assert not Task.objects.exists()
    assert admin_client.post(f"{LIST}add/", form | {"title": "Cook"}).status_code == 302
    assert Task.objects.get().title == "Cook"


def saved(client, task, **fields):
    """Submit the form of a task, as it was rendered unless a field says otherwise."""
    address = f"{LIST}{task.pk}/change/"
    form = client.get(address).context["adminform"].form
    shown = {
        "title": form["title"].value(),
        "description": re.sub("\r\n|\r|\n", "\r\n", form["description"].value()),
        "priority": form["priority"].value(),
        "due_at_0": f"{task.due_at:%Y-%m-%d}" if task.due_at else "",
        "due_at_1": f"{task.due_at:%H:%M:%S}" if task.due_at else "",
        "etag": form["etag"].value(),
    } | ({"done": "on"} if form["done"].value() else {})
    return lambda: client.post(address, shown | fields)


def test_a_form_that_is_older_than_a_change_shows_both_states(admin_client, tasks):
    milk = tasks[0]
    submit = saved(admin_client, milk, title="Mine")
    Task.objects.filter(pk=milk.pk).update(title="Theirs")
    page = submit()
    assert page.status_code == 200
    assert "This task was changed after you opened it." in page.content.decode()
    assert "Title: saved now “Theirs”, yours “Mine”." in page.content.decode()
    milk.refresh_from_db()
    assert milk.title == "Theirs"
    form = page.context["adminform"].form
    again = saved(admin_client, milk, title="Mine", etag=form["etag"].value())()
    assert again.status_code == 302
    milk.refresh_from_db()
    assert (milk.title, milk.priority) == ("Mine", 4)


def test_an_unchanged_form_keeps_line_breaks_and_microseconds(admin_client, db):
    fields = {
        "title": "two\nlines",
        "description": "a\nb\r\nc",
        "due_at": datetime(2030, 5, 17, 12, 0, 0, 123456, tzinfo=UTC),
    }
    task = Task.objects.create(**fields)
    assert saved(admin_client, task, title="twolines")().status_code == 302
    task.refresh_from_db()
    assert {name: getattr(task, name) for name in fields} == fields
    assert saved(admin_client, task, description="a\r\nd")().status_code == 302
    task.refresh_from_db()
    assert task.description == "a\nd"


def test_the_list_saves_only_the_boxes_that_were_changed(admin_client, tasks):
    milk, book = tasks
    page = admin_client.get(LIST).content.decode()
    assert 'name="initial-form-0-done" value="True"' in page
    Task.objects.set_done(done=True)  # another user ticks the milk, too
    form = {
        "form-TOTAL_FORMS": 2,
        "form-INITIAL_FORMS": 2,
        "form-0-id": book.pk,
        "initial-form-0-done": "True",
        "form-1-id": milk.pk,
        "initial-form-1-done": "False",
        "_save": "Save",
    }
    assert admin_client.post(LIST, form).status_code == 302  # the book is not done after all
    milk.refresh_from_db()
    book.refresh_from_db()
    assert (milk.done, book.done) == (True, False)


def test_a_list_reads_the_tasks_to_count_them_and_to_show_a_page(admin_client, tasks):
    with CaptureQueriesContext(connection) as queries:
        rows(admin_client, "?done__exact=0&_facets=True")
    assert sum('FROM "tasks_task"' in query["sql"] for query in queries) == 2
