"""Registrations killed at every line, one after the other, each in a process of its own.

    python -m tests.predictor.crash

After each kill the remains are checked, and one more registration is made. One line of JSON is
printed for each instant.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
import gc
import json
import os
import signal
import sys
from pathlib import Path

import django

django.setup()

from django.db import connection

from predictor.isolation.job import Inspection
from predictor.models import Event, ModelVersion
from predictor.registry import queries, storage
from predictor.registry.registration import Origin, admit

TRACED = str(Path(storage.__file__).parent)
SIGNATURE = {"columns": [], "methods": ["predict"], "classes": None}


def register():
    """Register a file of a few bytes, by the steps that every registration takes."""
    with storage.staging() as staged:
        (staged / "model.skops").write_bytes(b"an artifact")
        found = Inspection("model.skops", "skops", SIGNATURE, {})
        return admit("iris", staged, found, Origin("a test")).version


def killed_at(instant):
    """Register in a child that kills itself before its so-manieth line of code; was it killed."""
    connection.close()
    child = os.fork()
    if child == 0:
        lines = set()

        def trace(frame, event, _argument):
            if not frame.f_code.co_filename.startswith(TRACED):
                return None
            if event == "line":
                lines.add((frame.f_code.co_filename, frame.f_lineno))
                if len(lines) == instant:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        register()
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def newest():
    """Return the newest versions, after a look at their files and their lines in the record."""
    rows = list(ModelVersion.objects.select_related("model").order_by("-version")[:3])
    for row in rows:
        queries.check(row)
        card = json.loads((storage.directory("iris", row.version) / storage.CARD).read_bytes())
        Event.objects.get(kind="registration", to_version=row)
        assert card["sha256"] == row.sha256
    return [row.version for row in rows]


def quick():
    """Ask for no disk: a process that is killed loses nothing that it has written.

    Nor does a child look for garbage, which would have it copy the pages that it shares.
    """
    gc.disable()
    gc.freeze()
    os.fsync = lambda _descriptor: None
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")


def main():
    quick()
    instant = 0
    killed = True
    while killed:
        instant += 1
        killed = killed_at(instant)
        after = newest()
        version = register()
        names = {entry.name for entry in storage.root().iterdir()} - {storage.LOCK, "iris"}
        marks = list(storage.root().glob(f"*/*/{storage.PENDING}"))
        said = {
            "killed": killed,
            "after": after,
            "next": version,
            "left": [*names, *map(str, marks)],
            "directories": storage.numbers("iris")[-3:],
        }
        sys.stdout.write(json.dumps(said) + "\n")


main()
