"""A registration that is killed at any instant leaves a whole version, or none."""

import json
import subprocess
import sys

import pytest

from tests.serving import ROOT, environment


@pytest.fixture(scope="module")
def instants(tmp_path_factory):
    """What came of a kill -9 before each line of a registration."""
    variables = environment(
        tmp_path_factory.mktemp("crash"), DJANGO_SETTINGS_MODULE="mlsite.settings"
    )
    command = [sys.executable, "-m", "tests.predictor.crash"]
    done = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_of_a_registration_is_an_instant(instants):
    assert len(instants) > 50
    assert [said["killed"] for said in instants] == [True] * (len(instants) - 1) + [False]


def test_there_is_a_whole_version_or_none(instants):
    before = []
    for said in instants:
        added = [number for number in said["after"] if number not in before]
        assert added in ([], [max(before, default=0) + 1]), said
        before = [said["next"], *said["after"]]
    assert added, "the registration that was not killed"


def test_the_next_registration_works_and_clears_what_was_left(instants):
    for said in instants:
        assert said["left"] == [], said
        assert said["directories"] == sorted([*said["after"][:2], said["next"]]), said
