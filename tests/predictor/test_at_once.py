"""Several processes that register and promote at the same time, on one database."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.serving import ROOT, environment

pytestmark = pytest.mark.django_db  # the processes get a copy of its tables

PROCESSES, TIMES = 3, 4

PROGRAM = """
import json, sys
import django
django.setup()
from predictor import registry
from predictor.isolation.inspect_artifact import Inspection
from predictor.registry import storage
from predictor.registry.registration import Origin, admit

signature = {"columns": [], "methods": ["predict"], "classes": None}
print("ready", flush=True)
sys.stdin.readline()
numbers = []
for _ in range(int(sys.argv[1])):
    with storage.staging() as staged:
        (staged / "model.skops").write_bytes(b"an artifact")
        found = Inspection("model.skops", "skops", signature, {})
        row = admit("iris", staged, found, Origin("a test"))
    registry.promote(row)
    numbers.append(row.version)
print(json.dumps(numbers), flush=True)

from predictor.models import Event
sys.stdin.readline()
events = Event.objects.filter(kind="promotion").order_by("pk")
steps = list(events.values_list("from_version__version", "to_version__version"))
print(json.dumps({"steps": steps, "live": registry.live_versions()}), flush=True)
"""


def python(program, variables, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, env=variables, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def told(process):
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return json.loads(line)


def go(processes):
    """Let the processes go on to the next line that they say, all at the same time."""
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    return [told(process) for process in processes]


@pytest.fixture(scope="module")
def variables(tmp_path_factory, migrated):
    """The environment of processes that share a new database."""
    home = tmp_path_factory.mktemp("shared")
    shutil.copy(migrated, home)
    # There is nothing in the artifacts that could be compiled.
    return environment(home, DJANGO_SETTINGS_MODULE="mlsite.settings", ENGINES="scikit-learn")


def test_registrations_at_once_get_a_number_each_and_one_version_is_live(variables):
    processes = [python(PROGRAM, variables, str(TIMES)) for _ in range(PROCESSES)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    numbers = [number for own in go(processes) for number in own]
    assert sorted(numbers) == list(range(1, PROCESSES * TIMES + 1))

    record, *others = go(processes)
    assert others == [record] * (PROCESSES - 1)
    befores, afters = zip(*record["steps"], strict=True)
    assert sorted(afters) == sorted(numbers)
    assert befores == (None, *afters[:-1])
    assert record["live"] == {"iris": afters[-1]}
    for process in processes:
        assert process.communicate(timeout=60) == ("", "")
        assert process.returncode == 0
