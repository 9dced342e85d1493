"""A registration that is killed at any instant leaves a whole version, or none."""

import json
import shutil

import pytest

from tests.serving import python

pytestmark = pytest.mark.django_db  # the processes get a copy of its tables


def instants(home, migrated):
    """Return the result of a kill -9 before each line of a registration."""
    shutil.copy(migrated, home)
    done = python(home, "-m", "tests.predictor.crash", DJANGO_SETTINGS_MODULE="mlsite.settings")
    assert done.returncode == 0, done.stderr + done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_registration_killed_before_any_line_leaves_a_whole_version_or_none(tmp_path, migrated):
    *killed, last = instants(tmp_path, migrated)
    assert len(killed) > 50
    before = []
    for said in [*killed, last]:
        assert said["killed"] == (said is not last)
        added = [number for number in said["after"] if number not in before]
        assert added in ([], [max(before, default=0) + 1]), said
        # The next registration works, and removes the remains.
        assert said["left"] == [], said
        assert said["directories"] == sorted([*said["after"][:2], said["next"]]), said
        before = [said["next"], *said["after"]]
    assert added, "the registration that was not killed"
