"""A client of openapi-typescript and openapi-fetch calls every operation of a running site."""

import base64
import json
import os
import shutil
import subprocess

import pytest

from tests.serving import ROOT, START_S

pytestmark = pytest.mark.xdist_group("clients")

PROGRAM = ROOT / "tests" / "clients" / "typescript"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The program, with the packages that `npm ci` has installed beside it."""
    if not (PROGRAM / "node_modules").exists():
        if os.environ.get("CI") == "true":
            pytest.fail("Its packages are not installed")
        pytest.skip("Its packages are not installed: npm ci --prefix tests/clients/typescript")
    home = tmp_path_factory.mktemp("typescript")
    for name in ("calls.ts", "tsconfig.json", "package.json"):
        shutil.copy(PROGRAM / name, home)
    (home / "node_modules").symlink_to(PROGRAM / "node_modules")
    return home


def run(home, *command):
    done = subprocess.run(
        command, cwd=home, capture_output=True, text=True, check=False, timeout=START_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_calls_every_operation(home, site, token, artifact, operations):
    tools = home / "node_modules" / ".bin"
    run(home, tools / "openapi-typescript", f"{site.url}/schema/", "--output", "schema.d.ts")
    run(home, tools / "tsc")
    called = run(home, "node", "calls.js", site.url, token, base64.b64encode(artifact).decode())
    assert set(json.loads(called)) == operations.keys()
