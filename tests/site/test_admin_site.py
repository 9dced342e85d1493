"""No lookup, search or key in the admin is a server error."""

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse

from tasks.models import Task

LISTS = sorted(f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry)
# A time of each list that has one.
TIMES = {
    "auth_user": "date_joined",
    "mlsite_signinfailures": "until",
    "mlsite_token": "created_at",
    "predictor_event": "at",
    "predictor_modelversion": "created_at",
    "predictor_registeredmodel": "created_at",
    "tasks_task": "due_at",
}
LONG_SEARCH = "a " * 101


def test_every_list_with_a_time_is_tried():
    assert {*TIMES, "auth_group"} == set(LISTS)


@pytest.mark.parametrize(
    "lookup",
    [
        "year=99999999999",
        "year=10000",
        "gte=9999-12-31T23:59:59-14:00",
        "lt=0001-01-01T00:00:00%2B14:00",
    ],
)
@pytest.mark.parametrize("name", TIMES)
def test_a_time_that_no_query_takes_leads_to_the_list(admin_client, name, lookup):
    url = reverse(f"admin:{name}_changelist")
    answer = admin_client.get(f"{url}?{TIMES[name]}__{lookup}")
    assert (answer.status_code, answer["Location"]) == (302, f"{url}?e=1")


@pytest.mark.parametrize(
    "lookup",
    [
        pytest.param({"title__regex": "("}, id="expression"),
        pytest.param({"id__contained_by": "1"}, id="lookup of PostgreSQL"),
        pytest.param({"title__range": "a"}, id="range"),
        pytest.param({"title__contains": 50_001 * "a"}, id="long text"),
    ],
)
def test_a_lookup_that_the_database_refuses_leads_to_the_list(admin_client, lookup):
    Task.objects.create(title="a")
    answer = admin_client.get("/admin/tasks/task/", lookup)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/tasks/task/?e=1")


@pytest.mark.parametrize("name", LISTS)
def test_a_long_search_is_an_error_on_the_list(admin_client, name):
    answer = admin_client.get(reverse(f"admin:{name}_changelist"), {"q": LONG_SEARCH})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "A search takes at most 200 characters; got 202." in page


def test_an_action_for_a_row_that_cannot_exist_is_a_bad_request(admin_client):
    admin_client.raise_request_exception = False
    Task.objects.create(title="a")
    for key in ("x", "9" * 30):
        form = {"action": "mark_done", "_selected_action": key}
        assert admin_client.post("/admin/tasks/task/", form).status_code == 400


def test_an_empty_name_of_a_field_is_the_primary_key(admin_client):
    task = Task.objects.create(title="a")
    assert admin_client.get(f"/admin/tasks/task/{task.pk}/change/?_to_field=").status_code == 200


def test_there_is_no_search_for_related_rows(admin_client):
    query = {"app_label": "auth", "model_name": "group", "field_name": "user", "term": "a"}
    assert admin_client.get("/admin/autocomplete/", query).status_code == 404


def test_a_missing_table_is_no_fault_of_the_query(admin_client):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tasks_task RENAME TO other")
    admin_client.raise_request_exception = False
    assert admin_client.get("/admin/tasks/task/").status_code == 500
