"""Several processes that register and promote at the same time, on one database."""

import json
import shutil

import pytest

from tests.serving import python

pytestmark = pytest.mark.django_db  # the processes get a copy of its tables

PROCESSES, TIMES = 3, 4

# The processes are forks of one, before it has a connection: its start takes a second.
PROGRAM = """
import json, multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import django
django.setup()
from predictor import registry
from predictor.isolation.job import Inspection
from predictor.models import Event
from predictor.registry import storage
from predictor.registry.registration import Origin, admit

signature = {"columns": [], "methods": ["predict"], "classes": None}

def register(times):
    barrier.wait()  # each process has one call, and all begin at once
    numbers = []
    for _ in range(times):
        with storage.staging() as staged:
            (staged / "model.skops").write_bytes(b"an artifact")
            found = Inspection("model.skops", "skops", signature, {})
            row = admit("iris", staged, found, Origin("a test"))
        registry.promote(row)
        numbers.append(row.version)
    barrier.wait()
    events = Event.objects.filter(kind="promotion").order_by("pk")
    steps = list(events.values_list("from_version__version", "to_version__version"))
    return {"numbers": numbers, "steps": steps, "live": registry.live_versions()}

processes, times = map(int, sys.argv[1:])
fork = multiprocessing.get_context("fork")
barrier = fork.Barrier(processes)
with ProcessPoolExecutor(processes, fork) as pool:
    print(json.dumps(list(pool.map(register, [times] * processes))))
"""


def test_registrations_at_once_get_a_number_each_and_one_version_is_live(tmp_path, migrated):
    shutil.copy(migrated, tmp_path)
    # There is nothing in the artifacts that could be compiled.
    settings = {"DJANGO_SETTINGS_MODULE": "mlsite.settings", "ENGINES": "scikit-learn"}
    done = python(tmp_path, "-c", PROGRAM, str(PROCESSES), str(TIMES), **settings)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    numbers = [number for own in told for number in own.pop("numbers")]
    assert sorted(numbers) == list(range(1, PROCESSES * TIMES + 1))

    record, *others = told
    assert others == [record] * (PROCESSES - 1)
    befores, afters = zip(*record["steps"], strict=True)
    assert sorted(afters) == sorted(numbers)
    assert befores == (None, *afters[:-1])
    assert record["live"] == {"iris": afters[-1]}
