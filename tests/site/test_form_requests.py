"""HTML forms that state their method, their body and the state they show in hidden fields."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from tasks.models import Task
from tests.browser_requests import FORM

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(db):
    return Task.objects.create(title="a", description="b")


def submit(client, path, **fields):
    return client.post(path, urlencode(fields), FORM)


def test_a_form_changes_and_deletes(client, task):
    address = f"/tasks/{task.pk}"
    put = submit(client, address, _method="PUT", title="c", priority="2")
    assert (put.status_code, put.json()["title"]) == (200, "c")
    patch = submit(client, address, _method="PATCH", done="on")
    assert (patch.status_code, patch.json()["done"]) == (200, True)
    assert submit(client, address, _method="OPTIONS").json()["name"] == "Task"
    assert submit(client, address, _method="DELETE").status_code == 204


def test_a_form_sends_a_body_of_another_type(client, task):
    raw = {"_content_type": "application/json", "_content": '{"title":\r\n"é"}'}
    assert submit(client, "/tasks/", **raw).json()["title"] == "é"
    patch = submit(client, f"/tasks/{task.pk}", _method="PATCH", **raw)
    assert patch.json()["description"] == "b"
    refused = submit(client, "/tasks/", **raw | {"_content": "{"})
    assert (refused.status_code, list(refused.json())) == (400, ["detail"])


def test_a_form_states_the_version_that_it_shows(client, task):
    refused = submit(client, f"/tasks/{task.pk}", _method="DELETE", _if_match='"old"')
    assert refused.status_code == 412


@pytest.mark.parametrize(
    "fields",
    [{"_method": "GET"}, {"_method": "TRACE"}, {"_method": "put"}, {"_content": "{}"}, {}],
)
def test_other_forms_stay_as_they_are(client, fields):
    answer = submit(client, "/tasks/", title="a", **fields)
    assert (answer.status_code, answer.json()["title"]) == (201, "a")


def test_a_post_remains_refused_where_there_is_none(client, task):
    assert submit(client, f"/tasks/{task.pk}", title="a").status_code == 405


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_the_page_of_another_site_changes_nothing(client, task, method):
    headers = {"origin": "http://elsewhere.example", "sec-fetch-site": "cross-site"}
    body = urlencode({"_method": method, "title": "c"})
    answer = client.post(f"/tasks/{task.pk}", body, FORM, headers=headers)
    assert answer.status_code == 403
    task.refresh_from_db()
    assert task.title == "a"


def test_a_session_needs_the_token_in_the_form(task, admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    address = f"/tasks/{task.pk}"
    assert submit(client, address, _method="DELETE").status_code == 403
    page = client.get(address, headers={"accept": "text/html"})
    token = str(page.context["csrf_token"])
    done = submit(client, address, _method="DELETE", csrfmiddlewaretoken=token)
    assert done.status_code == 204


def test_a_form_can_be_sent_to_any_path(client, task):
    for path in ("/tasks/é\u202e/", "/ä/", "/tasks/x y/"):
        response = submit(client, path, _method="PUT")
        assert (path, response.status_code) == (path, 404)
