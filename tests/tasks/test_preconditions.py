"""ETags: reading only changed tasks, writing only unchanged tasks."""

import pytest

from tasks.models import Task
from tests.tasks.test_tasks import BUY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("examples")]
CHANGED = {"detail": "The task has changed since you read it; read it again."}


def put(client, body, **headers):
    return client.put("/tasks/1", body, content_type="application/json", headers=headers)


@pytest.fixture
def tag(client):
    """The ETag of task 1."""
    return client.get("/tasks/1")["ETag"]


def test_a_tag_is_strong_and_stays_while_the_task_does(client, tag):
    assert tag.startswith('"')
    assert client.get("/tasks/1/")["ETag"] == client.head("/tasks/1")["ETag"] == tag
    assert client.get("/tasks/2")["ETag"] != tag


def test_what_writes_answers_with_the_tag_that_a_get_gives(client):
    made = client.post("/tasks/", {"title": " a "}, content_type="application/json")
    assert made["ETag"] == client.get("/tasks/3")["ETag"]
    due = {"due_at": "2030-01-01T00:00:00.123456+02:00"}
    for method in (client.put, client.patch):
        changed = method("/tasks/3", due, content_type="application/json")
        assert changed["ETag"] == client.get("/tasks/3")["ETag"] != made["ETag"]


def test_any_change_makes_another_tag(client, tag):
    seen = {tag}
    for change in ({"title": "b"}, {"done": True}, {"done": False}, {"description": ""}, {}):
        seen.add(put(client, change)["ETag"])
    Task.objects.filter(pk=1).set_done(done=True)
    seen.add(client.get("/tasks/1")["ETag"])
    assert len(seen) == 7


@pytest.mark.parametrize("sent", ["{tag}", "W/{tag}", '"a", {tag}', '"a",W/{tag}', "*"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_client_that_has_the_task_is_told_so(client, tag, sent, method):
    given = {"if-none-match": sent.format(tag=tag)}
    answer = getattr(client, method)("/tasks/1", headers=given)
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert "Accept" in answer["Vary"]


@pytest.mark.parametrize("sent", ['"a"', "W/{tag", "", "nonsense"])
def test_a_client_that_has_another_is_sent_the_task(client, tag, sent):
    answer = client.get("/tasks/1", headers={"if-none-match": sent.replace("{tag", tag[:-1])})
    assert (answer.status_code, answer.json()) == (200, BUY)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("sent", ["{tag}", '"a", {tag}', "*"])
def test_a_write_that_matches_goes_through(client, tag, method, sent):
    given = {"if-match": sent.format(tag=tag)}
    answer = getattr(client, method)(
        "/tasks/1", {"title": "b"}, content_type="application/json", headers=given
    )
    assert answer.status_code == (204 if method == "delete" else 200)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("header", ["If-Match: {old}", "If-Match: W/{new}", "If-None-Match: {new}"])
def test_a_write_that_no_longer_matches_is_a_412(client, tag, method, header):
    new = put(client, {"title": "theirs"})["ETag"]
    name, value = header.format(old=tag, new=new).split(": ")
    answer = getattr(client, method)(
        "/tasks/1", {"title": "mine"}, content_type="application/json", headers={name: value}
    )
    assert (answer.status_code, answer.json()) == (412, CHANGED)
    assert client.get("/tasks/1").json()["title"] == "theirs"


@pytest.mark.parametrize("sent", ["", "abc", "'abc'", "W/abc"])
def test_a_guard_that_says_nothing_is_a_400_and_lets_nothing_through(client, sent):
    answer = put(client, {"title": "mine"}, **{"if-match": sent})
    sentence = "If-Match takes ETags in their quotes, or *."
    assert (answer.status_code, answer.json()) == (400, {"detail": sentence})
    assert client.get("/tasks/1").json() == BUY


def test_a_task_that_is_gone_is_a_404_whatever_it_matched(client, tag):
    client.delete("/tasks/1")
    assert put(client, {}, **{"if-match": tag}).status_code == 404


def test_pages_have_no_tag_and_are_always_sent(browser, client, tag):
    answer = browser.get("/tasks/1", headers={"if-none-match": tag})
    assert answer.status_code == 200
    assert "ETag" not in answer
    assert "ETag" not in client.get("/tasks/")
