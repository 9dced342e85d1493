"""The task list in a browser: the browsable API and the admin."""

import gzip
import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils.html import escape

from tasks.models import Task
from tests.tasks.conftest import make

pytestmark = pytest.mark.django_db
FORM = {"title": "Mend", "description": "", "priority": "3", "due_at": ""}


def test_a_form_makes_a_task(browser):
    answer = browser.post("/tasks/", FORM | {"done": "true", "due_at": "2030-01-01T12:00"})
    assert answer.status_code == 201
    task = Task.objects.get()
    assert (task.title, task.done, task.priority) == ("Mend", True, 3)
    assert task.due_at.isoformat() == "2030-01-01T12:00:00+00:00"


def test_a_form_put_is_whole_so_an_unticked_box_is_false(client, examples):
    client.put("/tasks/1", {"done": True}, content_type="application/json")
    body = "title=Mend&description=&priority=3&due_at="
    answer = client.put("/tasks/1", body, content_type="application/x-www-form-urlencoded")
    task = answer.json()
    assert (task["done"], task["completed_at"]) == (False, None)
    answer = client.put("/tasks/1", "done=on", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()) == (400, {"title": ["This field is required."]})


def test_a_form_patch_changes_what_it_holds(client, examples):
    answer = client.patch("/tasks/1", "done=on", content_type="application/x-www-form-urlencoded")
    assert (answer.json()["done"], answer.json()["title"]) == (True, "buy")


def test_the_list_has_filters_a_pager_and_a_form(browser, examples):
    page = browser.get("/tasks/?page_size=1").content.decode()
    for name in ("search", "done", "priority", "due_before", "due_after", "ordering"):
        assert f'name="{name}"' in page
    assert 'rel="next"' in page
    assert re.search(r'<option value="2" selected>Normal</option>', page)
    assert 'type="datetime-local"' in page


def test_a_page_in_a_browser_has_at_most_100_tasks(browser, client):
    make(101)
    url = "/tasks/?page_size=1000"
    page = browser.get(url).content.decode()
    assert page.count('id="task-') == 100
    (rest,) = re.findall('href="([^"]*)" rel="next"', page)
    assert browser.get(unescape(rest)).content.decode().count('id="task-') == 1
    assert len(client.get(url).json()["results"]) == 101


def test_a_task_has_a_page_with_its_values(browser, examples):
    answer = browser.get("/tasks/2")
    assert answer.status_code == 200
    assert 'value="cook"' in answer.content.decode()


def test_an_error_is_a_page_too(browser, examples):
    assert browser.get("/tasks/?done=maybe").status_code == 400
    assert browser.get("/tasks/4").status_code == 404
    assert browser.post("/tasks/", {"title": ""}).status_code == 400


def headings(answer):
    """The title of the page, and its last breadcrumb."""
    page = answer.content.decode()
    crumb = r'<span aria-current="page">([^<]*)</span></li>\s*</ul>'
    return re.search("<h1>(.*)</h1>", page)[1], re.search(crumb, page)[1]


def test_a_task_s_page_has_its_title(browser, examples):
    make(title="a <b>")
    assert headings(browser.get("/tasks/2")) == ("cook", "cook")
    assert headings(browser.get("/tasks/3")) == ("a &lt;b&gt;", "a &lt;b&gt;")
    refused = browser.put("/tasks/2", {"title": ""}, content_type="application/json")
    assert (refused.status_code, headings(refused)) == (400, ("cook", "cook"))
    assert headings(browser.get("/tasks/4")) == ("Task", "Task")
    assert headings(browser.get("/tasks/")) == ("Tasks", "Tasks")


def test_raw_data_that_created_tasks_does_not_stay_in_the_box(browser):
    tasks = '[{"title": "Mend"}, {"title": "Sweep"}]'
    answer = browser.post("/tasks/?format=api", tasks, content_type="application/json")
    assert answer.status_code == 201
    assert escape(tasks) not in answer.content.decode()


@pytest.mark.parametrize("text", ['[{"title": 5}]', '{"title": "a", ', "5"])
def test_raw_data_that_is_refused_stays_as_it_was_typed(browser, text):
    answer = browser.post("/tasks/?format=api", text, content_type="application/json")
    assert answer.status_code == 400
    assert f">\n{escape(text)}</textarea>" in answer.content.decode()


def test_filters_that_are_refused_stay_as_they_were_typed_with_what_is_wrong(browser):
    answer = browser.get("/tasks/?search=x&due_before=soon")
    page = answer.content.decode()
    assert answer.status_code == 400
    assert '<details class="filters" open>' in page
    for name, value in (("search", "x"), ("due_before", "soon")):
        assert re.search(f'name="{name}" value="{value}"', page)
    assert 'id="id_due_before_error">Expected a time such as 2030-01-31T12:00Z.</span>' in page


def test_a_full_page_weighs_less_than_150_kb(browser):
    make(150, title="Read the release notes of scikit-learn", description="a" * 100, priority=4)
    page = browser.get("/tasks/").content
    files = [
        Path(find(name.removeprefix("/static/")))
        for name in re.findall(r'(?:href|src)="(/static/[^"]*)"', page.decode())
    ]
    assert [file.name for file in files][1:3] == ["pico.min.css", "tokens.css"]
    compressed = [file.with_name(f"{file.name}.gz") for file in files]
    sent = [gz if gz.exists() else file for gz, file in zip(compressed, files, strict=True)]
    assert len(page) + sum(file.stat().st_size for file in sent) < 150_000
    assert gzip.decompress(compressed[1].read_bytes()) == files[1].read_bytes()


def test_filters_are_for_those_who_may_see_the_list(browser, settings):
    settings.API_ACCESS = "token"
    answer = browser.post("/tasks/", FORM)
    assert answer.status_code == 401
    assert "More filters" not in answer.content.decode()


def test_forms_say_that_times_are_in_utc(browser, admin_client, examples):
    sentence = "When it has to be done, in UTC."
    assert sentence in browser.get("/tasks/1").content.decode()
    assert sentence in admin_client.get(f"{CHANGELIST}add/").content.decode()


CHANGELIST = "/admin/tasks/task/"


def row(task, **fields):
    return {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-id": str(task.pk),
        "_save": "Save",
    } | {f"form-0-{name}": value for name, value in fields.items()}


def test_the_admin_lists_filters_and_searches(admin_client, examples):
    make(title="Read", done=True)
    page = admin_client.get(CHANGELIST + "?q=oo&done__exact=0").content.decode()
    assert "cook" in page
    assert "buy" not in page
    assert '<td class="field-due_at nowrap">-</td>' in page
    assert admin_client.get(CHANGELIST + "?due=none&created_at__year=2016").status_code == 200


def test_ticking_a_box_in_the_admin_sets_completed_at(admin_client, examples):
    task = Task.objects.get(pk=1)
    admin_client.post(CHANGELIST + "?id=1", row(task, done="on"))
    task.refresh_from_db()
    assert task.done
    assert task.completed_at == task.updated_at
    admin_client.post(CHANGELIST + "?id=1", row(task) | {"initial-form-0-done": "True"})
    task.refresh_from_db()
    assert (task.done, task.completed_at) == (False, None)


@pytest.mark.parametrize(
    ("action", "done", "sentence"),
    [("mark_done", True, "2 marked done."), ("mark_not_done", False, "1 marked not done.")],
)
def test_admin_actions_set_what_follows(admin_client, examples, action, done, sentence):
    ticked = make(title="Read", done=True)[0]
    body = {"action": action, "_selected_action": [1, 2, ticked.pk]}
    answer = admin_client.post(CHANGELIST, body, follow=True)
    assert sentence in answer.content.decode()
    for task in Task.objects.all():
        assert (task.done, task.completed_at is not None) == (done, done)


def test_the_admin_form_saves_what_was_changed_in_it(admin_client, examples):
    form = {"title": " Shop ", "description": "Buy", "done": "on", "priority": "2"}
    page = admin_client.get(f"{CHANGELIST}1/change/").content.decode()
    assert "Short description of the task." in page
    assert "When it was marked done; empty while it is not." in page
    answer = admin_client.post(f"{CHANGELIST}1/change/", form | {"due_at_0": "", "due_at_1": ""})
    assert answer.status_code == 302
    task = Task.objects.get(pk=1)
    assert (task.title, task.completed_at) == ("Shop", task.updated_at)


def test_the_admin_adds_a_task_that_is_done_already(admin_client):
    form = {"title": "Shop", "description": "", "done": "on", "priority": "2"}
    admin_client.post(
        f"{CHANGELIST}add/", form | {"due_at_0": "0001-01-01", "due_at_1": "00:00:00"}
    )
    task = Task.objects.get()
    assert task.completed_at == task.created_at
    assert admin_client.get(CHANGELIST).status_code == 200
    assert Client().get(f"/tasks/{task.pk}").json()["due_at"] == "0001-01-01T00:00:00Z"


TOO_MANY_FIELDS = b"a=1&" * 2000


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/tasks/", 200, "New task"),
        ("GET", "/tasks/?unknown=1", 400, "Repeat without parameters"),
        ("PUT", "/tasks/", 405, "Method &quot;PUT&quot; not allowed."),
        ("DELETE", "/tasks/", 405, "DELETE needs a filter here"),
    ],
)
def test_a_body_that_is_not_needed_is_not_parsed(browser, examples, method, path, status, sentence):
    media_type = "application/x-www-form-urlencoded"
    answer = browser.generic(method, path, TOO_MANY_FIELDS, media_type)
    assert answer.status_code == status
    assert sentence in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/tasks/"),
        ("POST", "/tasks/?unknown=1"),
        ("PUT", "/tasks/1"),
        ("PATCH", "/tasks/1"),
        ("DELETE", "/tasks/1"),
        ("DELETE", "/tasks/?done=false"),
    ],
)
@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b'{"tit', "application/json", 400),
        (b'{"tit', "multipart/form-data", 400),
        (TOO_MANY_FIELDS, "application/x-www-form-urlencoded", 400),
        (b"title", "text/csv", 415),
    ],
    ids=["JSON", "multipart", "form", "CSV"],
)
@pytest.mark.parametrize("tag", ['"old"', "*"])
def test_a_change_whose_body_cannot_be_parsed_is_rejected(
    browser, examples, method, path, body, media_type, status, tag
):
    answer = browser.generic(method, path, body, media_type, headers={"If-Match": tag})
    assert answer.status_code == status
    assert [task.title for task in Task.objects.order_by("id")] == ["buy", "cook"]


def test_the_page_states_why_a_body_cannot_be_parsed(browser):
    page = browser.post("/tasks/", b'{"tit', "application/json").content.decode()
    assert "The body is not JSON: unexpected end of data" in page


@pytest.mark.parametrize("body", ["[1]", "3", "null"])
def test_the_page_of_a_changed_task_takes_any_json(browser, examples, body):
    answer = browser.put("/tasks/1", body, "application/json", headers={"If-Match": '"old"'})
    assert answer.status_code == 412
    assert "Nothing was saved." in answer.content.decode()


@pytest.mark.parametrize("size", [3, 3_000_000], ids=["in memory", "on disk"])
@pytest.mark.parametrize("name", ["_next", "_key", "title", "description", "due_at"])
@pytest.mark.usefixtures("examples")
def test_a_form_with_a_file_is_rejected(browser, name, size):
    for method, path in (("POST", "/tasks/"), ("PUT", "/tasks/1"), ("PATCH", "/tasks/1")):
        body = encode_multipart(BOUNDARY, FORM | {name: SimpleUploadedFile("file", b"a" * size)})
        answer = browser.generic(method, path, body, MULTIPART_CONTENT)
        assert (method, answer.status_code) == (method, 400)
        assert f"{name} is a file. Send its value as a text." in unescape(answer.content.decode())
    assert set(Task.objects.values_list("title", flat=True)) == {"buy", "cook"}
