"""The home page: models, tasks that are due, first steps."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from mlsite.templatetags.data_tables import as_table
from predictor.models import RegisteredModel
from tasks.models import Task
from tests.browser_requests import BROWSER


def home(client, query=""):
    """The text of the main part of the page."""
    page = client.get(f"/{query}", **BROWSER).content.decode()
    main = re.search("<main.*</main>", page, re.DOTALL)[0]
    return " ".join(unescape(re.sub("<[^>]*>", " ", main)).split())


def test_a_new_site_shows_its_model_and_the_first_steps(client, iris):
    text = home(client)
    assert "iris Species of an iris from its sepals setosa, versicolor, virginica version 1" in text
    assert re.search(r"since 20\d\d-\d\d-\d\d \d\d:\d\d UTC accuracy 0\.\d{3} Try iris", text)
    assert "There is no model" not in text
    assert """-d '{"X1": 5.1, "X2": 3.5}' http://testserver/predict""" in text
    assert 'url="http://testserver", token=TOKEN' in text
    assert "No task is due within a week." in text


def test_other_models_end_the_first_steps_and_many_have_a_search(client, iris):
    RegisteredModel.objects.create(name="wine", description="Price. Of <b>wine</b>.")
    text = home(client)
    assert "wine Price no live version" in text
    assert "First steps" not in text
    assert "Search" not in text
    RegisteredModel.objects.bulk_create(RegisteredModel(name=f"m{n}") for n in range(9))
    assert "Search in names and descriptions" in home(client)
    found = home(client, "?search=WIN")
    assert "wine Price" in found
    assert "iris" not in found
    assert "No model matches. Show all models" in home(client, "?search=nothing")


def test_the_tasks_that_are_due_are_open_and_the_earliest_first(client, db):
    now = timezone.now()
    for title, days, done in [
        ("soon", 2, False),
        ("late", -2, False),
        ("done", -1, True),
        ("next month", 30, False),
    ]:
        Task.objects.create(title=title, due_at=now + timedelta(days=days, hours=1), done=done)
    assert "Due tasks late 1 day ago soon in 2 days All open tasks" in home(client)


def test_a_closed_site_shows_only_what_the_user_may_see(client, iris, settings, django_user_model):
    settings.API_ACCESS = "token"
    user = django_user_model.objects.create_user("reader")
    client.force_login(user)
    assert "Models Model" not in home(client)
    assert "Due tasks" not in home(client)
    user.user_permissions.add(Permission.objects.get(codename="view_task"))
    assert "Due tasks" in home(client)
    assert "setosa" not in home(client)


@pytest.mark.parametrize(
    ("values", "table"),
    [
        ([{"a": 1}, {"b": 2, "a": 3}], (["a", "b"], [[1, ""], [3, 2]])),
        ([{"a": 1}, 2], None),
        ([], None),
    ],
)
def test_objects_of_a_list_are_rows_with_a_cell_for_every_key(values, table):
    assert as_table(values) == table
