"""Random requests get a correct response, and never a 500."""

import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils.dateparse import parse_datetime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tasks.filters import ORDERINGS, TaskFilter
from tasks.models import Task

pytestmark = pytest.mark.django_db
same_every_time = settings(
    derandomize=True,
    database=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
zones = st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-1439, 1439))
dates = st.builds(
    lambda date, zone: date.replace(tzinfo=zone),
    st.one_of(st.sampled_from([FIRST, LAST]), st.datetimes()),
    st.one_of(st.none(), zones),
)


def in_utc(date):
    """Return the date in UTC, or None where the calendar ends before."""
    try:
        return date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return None


def send(client, method, url, body=None):
    text = "" if body is None else json.dumps(body)
    answer = client.generic(method, url, text, content_type="application/json")
    return answer.status_code, json.loads(answer.content or "null")


@same_every_time
@given(st.text(st.characters(), max_size=250))
def test_any_text_is_a_title_or_a_400(client, text):
    title = json.loads(json.dumps(text)).strip()
    status, answer = send(client, "POST", "/tasks/", {"title": text, "description": title})
    if any("\ud800" <= char <= "\udfff" for char in title):
        assert (status, list(answer)) == (400, ["detail"])
    elif not title or len(title) > 200 or "\0" in title:
        assert (status, "title" in answer) == (400, True)
    else:
        assert (status, answer["title"], answer["description"]) == (201, title, title)
        assert send(client, "GET", answer["url"]) == (200, answer)


@same_every_time
@given(dates)
def test_any_date_is_kept_or_a_400_and_filters_agree(client, date):
    utc = in_utc(date)
    status, answer = send(client, "POST", "/tasks/", {"title": "a", "due_at": date.isoformat()})
    query = urlencode({"due_before": date.isoformat(), "ordering": "-due_at"})
    listed, page = send(client, "GET", f"/tasks/?{query}")
    if utc is None:
        assert (status, listed) == (400, 400)
        return
    assert (status, listed) == (201, 200)
    assert parse_datetime(answer["due_at"]) == utc
    assert answer["url"] not in {task["url"] for task in page["results"]}
    after = urlencode({"due_after": date.isoformat(), "due_before": date.isoformat()})
    assert send(client, "GET", f"/tasks/?{after}")[1]["results"] == []


@same_every_time
@given(st.one_of(st.integers(min_value=0), st.integers(min_value=2**62)))
def test_any_id_that_no_task_has_is_a_404(client, id_):
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert send(client, method, f"/tasks/{id_}", {})[0] == 404


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)
FIELDS = ["title", "description", "done", "priority", "due_at", "id", "created_at", "colour"]


@same_every_time
@given(st.one_of(json_values, st.dictionaries(st.sampled_from(FIELDS), json_values)))
def test_any_json_is_a_task_or_a_400(client, body):
    status, answer = send(client, "POST", "/tasks/", body)
    assert status in (201, 400)
    if status == 201 and isinstance(body, dict):
        assert send(client, "GET", answer["url"]) == (200, answer)


@same_every_time
@given(
    st.dictionaries(st.sampled_from([*TaskFilter.base_filters, "cursor", "page_size"]), st.text())
)
def test_any_parameters_are_a_page_or_a_400(client, parameters):
    query = urlencode(parameters, errors="replace")
    status, answer = send(client, "GET", f"/tasks/?{query}")
    assert status in (200, 400)
    if status == 400:
        assert set(answer) <= set(parameters)


fields = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["a", "b", "B", "é", "ab"]),
        "done": st.booleans(),
        "priority": st.integers(1, 4),
        "due_at": st.one_of(st.none(), st.sampled_from([FIRST, LAST]).map(datetime.isoformat)),
    },
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "done": st.sampled_from(["true", "false"]),
        "priority": st.integers(1, 4),
        "search": st.sampled_from(["a", "b", "z"]),
        "due_after": st.sampled_from([FIRST, LAST]).map(datetime.isoformat),
        "due_before": st.sampled_from([FIRST, LAST]).map(datetime.isoformat),
    },
)


def passes(task, chosen):
    """Return whether a task passes the filters."""
    due = task["due_at"] and parse_datetime(task["due_at"])
    after, before = (chosen.get(name) for name in ("due_after", "due_before"))
    return (
        chosen.get("done") in (None, "true" if task["done"] else "false")
        and chosen.get("priority") in (None, task["priority"])
        and chosen.get("search", "") in task["title"].lower()
        and (after is None or bool(due and due > parse_datetime(after)))
        and (before is None or bool(due and due < parse_datetime(before)))
    )


def in_order(tasks, ordering):
    """Return the tasks in order, those without a value last."""
    name = ordering.removeprefix("-")
    parsed = parse_datetime if name.endswith("_at") else lambda value: value
    filled = [task for task in tasks if task[name] is not None]
    empty = [task for task in tasks if task[name] is None]
    filled.sort(key=lambda task: (parsed(task[name]), task["id"]), reverse="-" in ordering)
    empty.sort(key=lambda task: task["id"], reverse="-" in ordering)
    return filled + empty


class ListOfTasks(RuleBasedStateMachine):
    """The API beside a plain list."""

    def __init__(self):
        super().__init__()
        Task.objects.all().delete()
        self.client = Client()
        self.tasks = []

    @rule(bodies=st.lists(fields, min_size=1, max_size=4), data=st.data())
    def create(self, bodies, data):
        bodies = [{"title": "new"} | body for body in bodies]
        many = len(bodies) > 1 or data.draw(st.booleans())
        status, made = send(self.client, "POST", "/tasks/", bodies if many else bodies[0])
        assert status == 201
        for body, task in zip(bodies, made if many else [made], strict=True):
            sent = {"done": False, "priority": 2, "due_at": None} | body
            sent["due_at"] = sent["due_at"] and sent["due_at"].replace("+00:00", "Z")
            assert {name: task[name] for name in sent} == sent
            assert (task["completed_at"] is not None) == task["done"]
            self.tasks.append(task)

    @precondition(lambda self: self.tasks)
    @rule(body=fields, data=st.data(), method=st.sampled_from(["PUT", "PATCH"]))
    def edit(self, body, data, method):
        index = data.draw(st.integers(0, len(self.tasks) - 1))
        task = self.tasks[index]
        status, changed = send(self.client, method, task["url"], body)
        sent = body | (
            {"due_at": body["due_at"].replace("+00:00", "Z")} if body.get("due_at") else {}
        )
        times = {name: changed[name] for name in ("updated_at", "completed_at")}
        assert (status, changed) == (200, task | sent | times)
        assert (changed["completed_at"] is not None) == changed["done"]
        if task["done"] and changed["done"]:
            assert changed["completed_at"] == task["completed_at"]
        self.tasks[index] = changed

    @precondition(lambda self: self.tasks)
    @rule(data=st.data())
    def delete(self, data):
        task = self.tasks.pop(data.draw(st.integers(0, len(self.tasks) - 1)))
        assert send(self.client, "DELETE", task["url"])[0] == 204
        assert send(self.client, "GET", task["url"])[0] == 404

    @rule(chosen=filters.filter(bool))
    def clear(self, chosen):
        gone = [task for task in self.tasks if passes(task, chosen)]
        answer = send(self.client, "DELETE", f"/tasks/?{urlencode(chosen)}")
        assert answer == (200, {"deleted": len(gone)})
        self.tasks = [task for task in self.tasks if task not in gone]

    @rule(chosen=filters, ordering=st.sampled_from(list(ORDERINGS)), size=st.integers(1, 5))
    def page(self, chosen, ordering, size):
        query = urlencode({"ordering": ordering, "page_size": size} | chosen)
        wanted = in_order([task for task in self.tasks if passes(task, chosen)], ordering)
        pages = [wanted[i : i + size] for i in range(0, len(wanted), size)] or [[]]
        url, last = f"/tasks/?{query}", None
        for expected in pages:
            last = send(self.client, "GET", url)[1]
            assert last["results"] == expected
            url = last["next"]
        assert url is None
        for expected in pages[-2::-1]:
            last = send(self.client, "GET", last["previous"])[1]
            assert last["results"] == expected
        assert last["previous"] is None


def test_any_sequence_of_changes_and_pages_is_that_of_a_list():
    run_state_machine_as_test(
        ListOfTasks, settings=settings(same_every_time, max_examples=12, stateful_step_count=15)
    )
