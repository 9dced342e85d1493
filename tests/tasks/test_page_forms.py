"""Forms of the pages: tick, quick add, edit, delete; none overwrites the changes of others."""

import re
from datetime import UTC, datetime
from html import unescape
from urllib.parse import urlencode

import pytest

from tasks.models import Task
from tests.browser_requests import FORM
from tests.tasks.conftest import make

pytestmark = pytest.mark.django_db


NOON = datetime(2030, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


def submit(browser, path, **fields):
    """Submit a form of a page."""
    return browser.post(path, urlencode({"_next": "/tasks/?done=false"} | fields), FORM)


def inputs(page):
    """The values of the inputs of the form of a task, as a browser sends them."""
    form = re.search(r"<form(?:(?!</form>).)*name=\"title\".*?</form>", page, re.DOTALL)[0]
    values = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', form))
    values |= dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    for name, text in re.findall(
        r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL
    ):
        values[name] = re.sub("\r\n|\r|\n", "\r\n", text)
    for name, options in re.findall(
        r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        values[name] = re.search(r'value="(\w+)" selected', options)[1]
    if not re.search(r'name="done"[^>]* checked', form):
        values.pop("done", None)
    return {name: unescape(value) for name, value in values.items()} | {"_method": "PUT"}


def test_a_tick_changes_nothing_else_and_leads_back_to_the_row(browser, examples):
    answer = submit(browser, "/tasks/1", _method="PATCH", done="true")
    assert (answer.status_code, answer["Location"]) == (303, "/tasks/?done=false#task-1")
    link = '<a href="http://testserver/tasks/1">buy</a>'
    task = Task.objects.get(pk=1)
    assert (task.done, task.title, task.completed_at) == (True, "buy", task.updated_at)
    assert f"{link} is done." in browser.get("/tasks/").content.decode()
    submit(browser, "/tasks/1", _method="PATCH", done="false")
    page = browser.get("/tasks/").content.decode()
    assert f"{link} is open again." in page
    assert "is done." not in page
    assert not Task.objects.get(pk=1).done


def test_quick_add_stays_on_the_list_and_names_the_task(browser):
    answer = submit(browser, "/tasks/?done=false", title=" <b> ", priority="3", due_at="")
    assert (answer.status_code, answer["Location"]) == (303, "/tasks/?done=false")
    task = Task.objects.get()
    assert (task.title, task.priority, task.due_at) == ("<b>", 3, None)
    page = browser.get("/tasks/").content.decode()
    assert f'Added <a href="http://testserver/tasks/{task.pk}">&lt;b&gt;</a>.' in page


def test_a_double_click_adds_one_task_and_another_page_another_task(browser):
    key, other_key = (quick_add_key(browser) for _ in range(2))
    for _ in range(2):
        answer = submit(browser, "/tasks/", title="Read", _key=key)
        assert (answer.status_code, answer["Location"]) == (303, "/tasks/?done=false")
    page = browser.get("/tasks/").content.decode()
    assert page.count("Added <a") == 2  # the browser follows only the last response
    submit(browser, "/tasks/", title="Read", _key=other_key)
    assert list(Task.objects.values_list("title", flat=True)) == ["Read", "Read"]


def test_the_same_page_can_add_another_task_after_going_back(browser):
    key = quick_add_key(browser)
    for title in ("Read", "Write"):
        assert submit(browser, "/tasks/", title=title, _key=key).status_code == 303
    assert list(Task.objects.values_list("title", flat=True)) == ["Read", "Write"]


def test_the_same_page_adds_a_deleted_task_again(browser):
    key = quick_add_key(browser)
    submit(browser, "/tasks/", title="Read", _key=key)
    submit(browser, f"/tasks/{Task.objects.get().pk}", _method="DELETE")
    for _ in range(2):
        assert submit(browser, "/tasks/", title="Read", _key=key).status_code == 303
    assert Task.objects.get().title == "Read"


def test_a_refused_quick_add_does_not_use_up_its_key(browser):
    key = quick_add_key(browser)
    refused = submit(browser, "/tasks/", title="", _key=key)
    assert refused.status_code == 400
    assert 'name="_key"' in refused.content.decode()
    assert submit(browser, "/tasks/", title="Read", _key=key).status_code == 303
    assert Task.objects.get().title == "Read"


def test_any_text_is_a_key_of_a_form(browser):
    for _ in range(2):
        assert submit(browser, "/tasks/", title="Read", _key="é " * 300).status_code == 303
    assert Task.objects.get().title == "Read"


def quick_add_key(browser):
    """The key of the form in a new page of the list."""
    page = browser.get("/tasks/").content.decode()
    return re.search(r'name="_key" value="([^"]{20,})"', page)[1]


def test_a_refused_quick_add_keeps_its_values_above_the_list(browser, examples):
    answer = submit(browser, "/tasks/", title="", priority="4", due_at="soon")
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Title: This field may not be blank." in page
    assert "Due: Datetime has wrong format" in page
    assert '<option value="4" selected>' in page
    assert ">cook</a>" in page
    assert submit(browser, "/tasks/?nope=1", title="").status_code == 400


@pytest.mark.parametrize("address", ["http://evil.example/", "//evil.example", "javascript:a"])
def test_a_form_leads_to_no_other_site(browser, examples, address):
    answer = submit(browser, "/tasks/1", _method="PATCH", done="true", _next=address)
    assert answer.status_code == 200


def test_a_program_that_sends_a_form_gets_json(client, examples):
    answer = submit(client, "/tasks/1", _method="PATCH", done="true")
    assert (answer.status_code, answer.json()["done"]) == (200, True)


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "a\nb\n"},
        {"description": "a\r\nb"},
        {"description": "\n a\rb"},
        {"description": "a\r\nb\nc"},
        {"title": "two\nlines"},
        {"due_at": NOON},
        {"due_at": NOON.replace(microsecond=0), "done": True},
        {"due_at": datetime(1, 1, 1, tzinfo=UTC), "priority": 4},
    ],
)
def test_saving_an_unchanged_form_changes_no_value(browser, fields):
    (task,) = make(**fields)
    form = inputs(browser.get(f"/tasks/{task.pk}").content.decode())
    form["title"] = re.sub("[\r\n]", "", form["title"])  # as a browser does
    answer = submit(browser, f"/tasks/{task.pk}", **form)
    assert (answer.status_code, answer["Location"]) == (303, f"/tasks/{task.pk}")
    before = Task.objects.filter(pk=task.pk).values(*fields, "completed_at").get()
    assert before == fields | {"completed_at": task.completed_at}


@pytest.mark.parametrize(
    ("saved", "sent", "stored"),
    [
        ("", "a\r\nb", "a\nb"),
        ("a\nb", "a\r\nc", "a\nc"),
        ("a\r\nb", "a\r\nc", "a\r\nc"),
        ("a\rb", "a\r\nc", "a\rc"),
    ],
)
def test_a_changed_text_keeps_its_kind_of_line_breaks(browser, saved, sent, stored):
    (task,) = make(description=saved)
    form = inputs(browser.get(f"/tasks/{task.pk}").content.decode())
    submit(browser, f"/tasks/{task.pk}", **form | {"description": sent})
    task.refresh_from_db()
    assert task.description == stored


def test_a_form_that_is_older_than_a_change_shows_both_states(browser, examples):
    form = inputs(browser.get("/tasks/1").content.decode())
    form |= {"title": "mine", "done": "true", "due_at": "2030-01-01T12:00"}
    Task.objects.filter(pk=1).update(title="theirs", priority=4)
    answer = submit(browser, "/tasks/1", **form)
    page = answer.content.decode()
    assert answer.status_code == 412
    assert "This task was changed after you opened it. Nothing was saved." in page
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>', page)
    assert rows == [
        ("Title", "theirs", "mine"),
        ("Done", "no", "yes"),
        ("Priority", "Urgent", "Normal"),
        ("Due date", "(empty)", "2030-01-01 12:00 UTC"),
    ]
    assert Task.objects.get(pk=1).title == "theirs"
    again = inputs(page) | {"done": "true"}
    assert (again["title"], again["priority"]) == ("mine", "2")
    assert submit(browser, "/tasks/1", **again).status_code == 303
    assert (Task.objects.get(pk=1).title, Task.objects.get(pk=1).done) == ("mine", True)


def test_a_refused_value_in_an_old_form_is_reported_too(browser, examples):
    form = inputs(browser.get("/tasks/1").content.decode()) | {"title": ""}
    Task.objects.filter(pk=1).update(title="theirs")
    page = submit(browser, "/tasks/1", **form).content.decode()
    assert "Nothing was saved." in page
    assert "This field may not be blank." in page


def test_a_refused_form_is_still_as_old_as_it_was(browser, examples):
    form = inputs(browser.get("/tasks/1").content.decode()) | {"title": ""}
    refused = submit(browser, "/tasks/1", **form)
    assert refused.status_code == 400
    Task.objects.filter(pk=1).update(priority=4)
    again = inputs(refused.content.decode()) | {"title": "mine"}
    assert submit(browser, "/tasks/1", **again).status_code == 412


def test_a_delete_of_a_changed_task_shows_it_first(browser, examples):
    form = {"_method": "DELETE", "_if_match": '"old"', "_next": "/tasks/"}
    answer = submit(browser, "/tasks/1", **form)
    assert answer.status_code == 412
    assert 'value="buy"' in answer.content.decode()
    form["_if_match"] = inputs(answer.content.decode())["_if_match"]
    assert submit(browser, "/tasks/1", **form).status_code == 303
    assert "Deleted buy." in browser.get("/tasks/").content.decode()
    assert not Task.objects.filter(pk=1).exists()


def test_pages_without_the_right_to_change_offer_no_change(
    browser, examples, settings, django_user_model
):
    settings.API_ACCESS = "token"
    user = django_user_model.objects.create_user("reader")
    browser.force_login(user)
    assert browser.get("/tasks/").status_code == 403
    from django.contrib.auth.models import Permission

    user.user_permissions.add(Permission.objects.get(codename="view_task"))
    page = browser.get("/tasks/?done=false").content.decode()
    assert "cook" in page
    assert 'name="title"' not in page
    assert "Delete these tasks" not in page
    assert page.count("disabled></button>") == 2
    page = browser.get("/tasks/2").content.decode()
    assert "<dd>Cook</dd>" in page
    assert "<button" not in page.partition("<main")[2]
