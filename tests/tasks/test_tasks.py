"""One task and the list of them, as a client sees them."""

import pytest
from django.utils.dateparse import parse_datetime

from tasks.models import Task

pytestmark = pytest.mark.django_db

BUY = {
    "id": 1,
    "url": "http://testserver/tasks/1",
    "title": "buy",
    "description": "Buy",
    "done": False,
    "priority": 2,
    "due_at": None,
    "created_at": "2016-01-01T00:00:00Z",
    "updated_at": "2016-01-01T00:00:00Z",
    "completed_at": None,
}
COOK = BUY | {
    "id": 2,
    "url": "http://testserver/tasks/2",
    "title": "cook",
    "description": "Cook",
}
OBJECT = 'A task is a JSON object such as {"title": "Read a book"}; got '
ISO = "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]"
NO_TASK = {"detail": "There is no task with this id."}


def send(client, method, url, body):
    return client.generic(method, url, body, content_type="application/json")


@pytest.mark.parametrize("url", ["/tasks", "/tasks/"])
def test_the_list_begins_with_the_examples(client, examples, url):
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.json() == {"next": None, "previous": None, "results": [BUY, COOK]}


@pytest.mark.parametrize("url", ["/tasks/2", "/tasks/2/"])
def test_a_task_has_an_address(client, examples, url):
    assert client.get(url).json() == COOK


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("id_", ["4", "0", "9223372036854775808", "9" * 100])
def test_a_task_that_is_not_there_is_a_404(client, examples, method, id_):
    answer = send(client, method, f"/tasks/{id_}", "{}")
    assert (answer.status_code, answer.json()) == (404, NO_TASK)


def test_an_id_too_long_for_a_number_is_a_404(client, db):
    answer = client.get("/tasks/" + "9" * 5000)
    assert (answer.status_code, answer.json()) == (404, NO_TASK)


def test_a_post_with_a_title_makes_a_task(client, examples):
    answer = send(client, "POST", "/tasks/", '{"title": " Read a book "}')
    task = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == "http://testserver/tasks/3"
    assert task == BUY | {
        "id": 3,
        "url": "http://testserver/tasks/3",
        "title": "Read a book",
        "description": "",
        "created_at": task["created_at"],
        "updated_at": task["created_at"],
    }
    assert client.get("/tasks/3").json() == task


def test_a_task_takes_every_field_at_once(client, db):
    sent = {
        "title": "Pay",
        "description": " as it is \n",
        "done": True,
        "priority": 4,
        "due_at": "2030-01-01T12:00:00+02:00",
    }
    task = client.post("/tasks/", sent, content_type="application/json").json()
    assert {name: task[name] for name in sent} == sent | {"due_at": "2030-01-01T10:00:00Z"}
    assert task["completed_at"] == task["created_at"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2030-01-01T12:00:00", "2030-01-01T12:00:00Z"),
        ("2030-01-01T12:00:00.123456Z", "2030-01-01T12:00:00.123456Z"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_a_due_date_without_an_offset_is_in_utc(client, sent, kept):
    task = send(client, "POST", "/tasks/", f'{{"title": "a", "due_at": "{sent}"}}').json()
    assert task["due_at"] == kept
    assert client.get(task["url"]).json()["due_at"] == kept


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_only_what_is_sent_changes(client, examples, method):
    answer = send(client, method, "/tasks/2", '{"done":true}')
    task = answer.json()
    assert answer.status_code == 200
    assert task == COOK | {
        "done": True,
        "updated_at": task["updated_at"],
        "completed_at": task["updated_at"],
    }
    assert parse_datetime(task["updated_at"]).year > 2016


def test_completed_at_follows_done(client, examples):
    done = send(client, "PUT", "/tasks/1", '{"done": true}').json()
    again = send(client, "PUT", "/tasks/1", '{"done": true, "title": "bought"}').json()
    undone = send(client, "PUT", "/tasks/1", '{"done": false}').json()
    assert again["completed_at"] == done["completed_at"] is not None
    assert undone["completed_at"] is None


def test_a_task_can_be_sent_back_as_it_was_read(client, examples):
    task = client.get("/tasks/1").json() | {"title": "sell"}
    answer = client.put("/tasks/1", task, content_type="application/json")
    assert answer.json() == task | {"updated_at": answer.json()["updated_at"]}


def test_a_deleted_task_is_gone(client, examples):
    assert client.delete("/tasks/2").status_code == 204
    answer = client.delete("/tasks/2")
    assert (answer.status_code, answer.json()) == (404, NO_TASK)
    assert client.get("/tasks").json()["results"] == [BUY]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ("{}", {"title": ["This field is required."]}),
        ('{"title": null}', {"title": ["This field may not be null."]}),
        ('{"title": 5}', {"title": ["Not a valid string."]}),
        ('{"title": true}', {"title": ["Not a valid string."]}),
        ('{"title": ["a"]}', {"title": ["Not a valid string."]}),
        ('{"title": ""}', {"title": ["This field may not be blank."]}),
        ('{"title": " \\n\\u2003"}', {"title": ["This field may not be blank."]}),
        (
            '{"title": "%s"}' % ("a" * 201),
            {"title": ["Ensure this field has no more than 200 characters."]},
        ),
        (
            '{"title": "a", "description": "%s"}' % ("a" * 10_001),
            {"description": ["Ensure this field has no more than 10000 characters."]},
        ),
        ('{"title": "\\u0000"}', {"title": ["Null characters are not allowed."]}),
        ('{"title": "a", "description": 1}', {"description": ["Not a valid string."]}),
        ('{"title": "a", "description": null}', {"description": ["This field may not be null."]}),
        ('{"title": "a", "done": "yes"}', {"done": ["Must be true or false."]}),
        ('{"title": "a", "done": "true"}', {"done": ["Must be true or false."]}),
        ('{"title": "a", "done": 1}', {"done": ["Must be true or false."]}),
        ('{"title": "a", "done": []}', {"done": ["Must be true or false."]}),
        ('{"title": "a", "done": null}', {"done": ["This field may not be null."]}),
        ('{"title": "a", "priority": "3"}', {"priority": ["Must be an integer from 1 to 4."]}),
        ('{"title": "a", "priority": true}', {"priority": ["Must be an integer from 1 to 4."]}),
        ('{"title": "a", "priority": 3.0}', {"priority": ["Must be an integer from 1 to 4."]}),
        ('{"title": "a", "priority": 0}', {"priority": ["Must be an integer from 1 to 4."]}),
        ('{"title": "a", "priority": 5}', {"priority": ["Must be an integer from 1 to 4."]}),
        ('{"title": "a", "priority": 1e999}', {"priority": ["Must be an integer from 1 to 4."]}),
        (
            '{"title": "a", "due_at": 5}',
            {"due_at": [f"Datetime has wrong format. Use one of these formats instead: {ISO}."]},
        ),
        (
            '{"title": "a", "due_at": "0001-01-01T00:00:00+00:01"}',
            {"due_at": ["Datetime value out of range."]},
        ),
        (
            '{"title": "a", "due_at": "9999-12-31T23:59:59-00:01"}',
            {"due_at": ["Datetime value out of range."]},
        ),
        (
            '{"title": "a", "color": "red"}',
            {"color": ["Unknown field; a task takes title, description, done, priority, due_at."]},
        ),
        ("5", {"detail": f"{OBJECT}a number."}),
        ("null", {"detail": f"{OBJECT}null."}),
        ("true", {"detail": f"{OBJECT}a boolean."}),
        ('"a"', {"detail": f"{OBJECT}a string."}),
        ("", {"title": ["This field is required."]}),
        (
            '{"title": "\\ud800"}',
            {
                "detail": "The body is not JSON: no low surrogate in string: "
                "line 1 column 12 (char 11)."
            },
        ),
    ],
)
def test_a_body_that_is_no_task_is_a_400_that_says_why(client, body, errors):
    answer = send(client, "POST", "/tasks/", body)
    assert (answer.status_code, answer.json()) == (400, errors)
    assert not Task.objects.exists()


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ('{"title": null}', {"title": ["This field may not be null."]}),
        ('{"done": "yes"}', {"done": ["Must be true or false."]}),
        ("[]", {"detail": f"{OBJECT}a list."}),
        ("null", {"detail": f"{OBJECT}null."}),
    ],
)
def test_a_change_that_is_no_change_is_a_400(client, examples, method, body, errors):
    answer = send(client, method, "/tasks/1", body)
    assert (answer.status_code, answer.json()) == (400, errors)
    assert client.get("/tasks/1").json() == BUY


def test_a_method_that_is_not_taken_is_a_405(client, db):
    answer = send(client, "PATCH", "/tasks/", "{}")
    assert answer.json() == {"detail": 'Method "PATCH" not allowed. Allowed: GET, POST.'}
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_options_describe_the_fields(client, examples):
    answer = client.options("/tasks/1")
    assert answer.status_code == 200
    assert answer.json()["actions"]["PUT"]["title"]["max_length"] == 200


def test_a_form_without_a_field_of_a_task_shows_the_format(client, db):
    form = "application/x-www-form-urlencoded"
    answer = client.post("/tasks/", "Read a book", content_type=form)
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "detail": "The body contains no field of a task. Send a JSON object such as "
            '{"title": "Read a book"} with the header \'Content-Type: application/json\'.'
        },
    )
