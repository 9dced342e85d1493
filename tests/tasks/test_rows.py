"""Constraints of the database."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from tasks.models import Task
from tests.tasks.conftest import make


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"title": ""}, "task_title_not_blank"),
        ({"title": "  "}, "task_title_not_blank"),
        ({"title": "a" * 201}, "task_title_not_too_long"),
        ({"priority": 0}, "task_priority_known"),
        ({"priority": 5}, "task_priority_known"),
        ({"done": True, "completed_at": None}, "task_done_has_completed_at"),
        ({"completed_at": timezone.now()}, "task_done_has_completed_at"),
    ],
)
def test_rows_that_make_no_sense_are_refused(fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make(**fields)


@pytest.mark.django_db
def test_marking_keeps_what_is_so_already():
    done = make(done=True)[0]
    make()
    assert Task.objects.set_done(done=True) == 1
    done.refresh_from_db()
    assert done.completed_at == done.updated_at == done.created_at
    assert Task.objects.set_done(done=False) == 2


@pytest.mark.django_db
def test_ids_go_on_after_the_examples_and_are_never_used_again():
    call_command("loaddata", "example_tasks", verbosity=0)
    task = Task.objects.create(title="third")
    assert task.pk == 3
    task.delete()
    assert Task.objects.create(title="fourth").pk == 4


@pytest.mark.django_db
def test_saving_one_field_leaves_the_others_to_other_writers():
    task = make()[0]
    Task.objects.set_done(done=True)
    task.title = "b"
    task.save(update_fields=["title"])
    task.refresh_from_db()
    assert (task.title, task.done) == ("b", True)
    assert task.completed_at < task.updated_at
