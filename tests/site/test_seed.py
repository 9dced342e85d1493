"""The commands of the seed's three programs, run by curl against a real server."""

import json

import pytest

pytestmark = pytest.mark.xdist_group("site")

JSON = '-H "Content-Type: application/json"'


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("number", [1, 2])
def test_hello(site, number, slash):
    status, headers, body = site.curl(f"curl -i http://localhost:8000/{number}{slash}")
    assert (status, body) == (200, f"Hello_world {number}")
    assert headers["content-type"] == "text/plain; charset=utf-8"


def titles(body):
    return [task["title"] for task in json.loads(body)["results"]]


@pytest.mark.parametrize(
    "command",
    [
        "curl -i http://localhost:8000/tasks",
        "curl -i -X GET http://localhost:8000/tasks",
        "curl -i http://localhost:8000/tasks/",
    ],
)
def test_the_tasks_begin_with_the_two_examples(site, command):
    status, _, body = site.curl(command)
    assert status == 200
    assert titles(body)[:2] == ["buy", "cook"]


def test_a_task_has_its_address(site):
    status, _, body = site.curl("curl -i http://localhost:8000/tasks/1")
    task = json.loads(body)
    assert status == 200
    kept = {name: task[name] for name in ("id", "title", "description", "done")}
    assert kept == {"id": 1, "title": "buy", "description": "Buy", "done": False}


def test_a_task_that_is_not_there_is_a_404(site):
    status, headers, body = site.curl("curl -i http://localhost:8000/tasks/4000")
    assert status == 404
    assert headers["content-type"] == "application/json"
    assert list(json.loads(body)) == ["detail"]


def test_a_task_is_created_changed_and_deleted(site):
    status, headers, body = site.curl(
        f"""curl -i {JSON} -X POST -d '{{"title":"Read a book"}}' http://localhost:8000/tasks/"""
    )
    created = json.loads(body)
    assert status == 201
    assert headers["location"] == created["url"]
    assert (created["title"], created["done"]) == ("Read a book", False)

    address = f"http://localhost:8000/tasks/{created['id']}"
    status, _, body = site.curl(f"""curl -i {JSON} -X PUT -d '{{"done":true}}' {address}""")
    changed = json.loads(body)
    assert status == 200
    differing = {name for name in created if created[name] != changed[name]}
    assert differing == {"done", "updated_at", "completed_at"}

    assert site.curl(f"curl -i -X DELETE {address}")[0] == 204
    assert site.curl(f"curl -i -X DELETE {address}")[0] == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{}", "title"),
        ('{"title": 5}', "title"),
        ('{"title": null}', "title"),
        ('{"title": "a", "done": "yes"}', "done"),
        ('{"title": "a", "done": 1}', "done"),
    ],
)
def test_a_task_of_other_types_is_refused_by_field(site, body, field):
    status, _, answer = site.curl(
        f"curl -i {JSON} -X POST -d '{body}' http://localhost:8000/tasks/"
    )
    assert status == 400
    assert list(json.loads(answer)) == [field]


@pytest.mark.parametrize("slash", ["", "/"])
def test_predict(site, slash):
    status, headers, body = site.curl(
        f"""curl -i {JSON} -X POST -d '{{"X1":"61.1", "X2":"17.3"}}' """
        f"http://localhost:8000/predict{slash}"
    )
    assert (status, json.loads(body)) == (200, {"prediction": 2})
    assert headers["content-type"] == "application/json"


def test_training_is_for_staff(site):
    assert site.curl("curl -i -X POST http://localhost:8000/models/iris/train")[0] == 401
