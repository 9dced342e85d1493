"""Tables altered under rows that are there: nothing is lost, and the record is guarded again."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.migrations import Migration

from predictor import registry, triggers
from predictor.models import Event, ModelVersion


def told():
    events = Event.objects.order_by("pk").values_list("kind", "to_version__version")
    versions = ModelVersion.objects.values_list("version", "state", "sha256")
    return list(events), list(versions)


@pytest.fixture
def tables(transactional_db):
    """The tables themselves, which pytest-django empties at the end: the guards would forbid it."""
    yield
    triggers.drop("default", [(Migration("any", "predictor"), False)])


def test_an_older_site_is_brought_up_to_date(tables, register):
    registry.promote(register())
    before = told()
    assert before[0] == [("registration", 1), ("promotion", 1)]
    call_command("migrate", "predictor", "0003", verbosity=0)
    call_command("migrate", "predictor", verbosity=0)
    assert told() == before
    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM predictor_event")
