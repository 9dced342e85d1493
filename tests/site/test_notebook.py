"""From a notebook to HTTP, as its page says: each line run, and the answer that it shows."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from tests.predictor.core.tutorial import COEFFICIENTS, INTERCEPTS, final_model
from tests.serving import ROOT, START_S, environment

pytestmark = pytest.mark.xdist_group("site")

PAGE = (ROOT / "docs" / "notebook.md").read_text()


def lines(beginning):
    """The lines of the page that begin so."""
    return [line for line in PAGE.splitlines() if line.startswith(beginning)]


# One process for all: scikit-learn takes seconds to import. The notebook's lines come first, while
# nothing else is there.
NOTEBOOK = """
import os, shlex, sys
home, root, program, *commands = sys.argv[1:]
os.chdir(home)
exec(program, {"__name__": "__main__"})
assert "django" not in sys.modules
os.chdir(root)
from django.core.management import execute_from_command_line
for command in commands:
    execute_from_command_line(shlex.split(command))
    print("----")
"""


@pytest.fixture(scope="module")
def said(site, tmp_path_factory):
    """The output of each command, after which the models exist beside the site's own."""
    home = tmp_path_factory.mktemp("notebook")
    (home / "final_model.pkl").write_bytes(final_model())
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len([line for line in program.splitlines() if line]) == 6
    commands = [
        re.sub(r"\w+\.(skops|pkl)", lambda file: str(home / file[0]), line.removeprefix("python "))
        for line in lines("python manage.py register")
    ]
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, home, ROOT, program, *commands],
        env=environment(site.home, PYTHONPATH=str(ROOT), DJANGO_SETTINGS_MODULE="mlsite.settings"),
        capture_output=True,
        text=True,
        check=False,
        timeout=START_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("----\n")


def test_the_model_of_the_page_answers_what_it_shows(site, said):
    (command,) = lines("curl")
    status, headers, body = site.curl(command)
    assert (status, headers["x-model"]) == (200, "wine")
    assert f"`{body}`" in PAGE


def test_the_pickle_of_2016_answers_as_its_coefficients_say(site, said):
    assert "Fitted with scikit-learn pre-0.18" in said[1]
    assert "OneVsRestClassifier" in said[1]
    X = np.array([[61.1, 17.3], [5.1, 3.5], [6.3, 2.5]])
    expected = (X @ COEFFICIENTS.T + INTERCEPTS).argmax(axis=1).tolist()
    columns = json.loads(site.get("/models/flowers/")[1])["inputs"]
    rows = [dict(zip([c["name"] for c in columns], row, strict=True)) for row in X.tolist()]
    status, _, body = site.curl(
        """curl -H "Content-Type: application/json" -X POST """
        f"""-d '{json.dumps(rows)}' http://localhost:8000/models/flowers/predict"""
    )
    assert (status, json.loads(body)) == (200, {"predictions": expected})
