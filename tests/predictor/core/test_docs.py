import re
from pathlib import Path

import pytest

from predictor.core import artifacts
from tests.predictor.core.test_hostile import FILES
from tests.predictor.test_zoo import NOT_SERVED

DOCS = Path(__file__).parents[3] / "docs"


def table(page, heading):
    """Return the rows of the table under a heading row."""
    text = (DOCS / page).read_text().split(f"| {heading} |", 1)[1]
    rows = text.split("\n\n", 1)[0].splitlines()[2:]
    return [tuple(cell.strip(" `") for cell in row.strip("|").split(" | ")) for row in rows]


def test_the_lines_for_the_notebook_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines, _publish = re.findall(
        r"```python\n(.*?)```", (DOCS / "notebook.md").read_text(), re.DOTALL
    )
    scope = {}
    exec(lines, scope)  # noqa: S102 - the page itself is under test
    loaded = artifacts.load(tmp_path / "wine.skops")
    assert loaded.score(scope["X"][["alcohol", "hue"]], scope["y"]) > 0.9


def test_the_page_lists_the_estimators_that_are_not_served():
    assert {name: f"{name} {why}." for name, why in table("estimators.md", "estimator | why")} == (
        NOT_SERVED
    )


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (0, "0 bytes"),
        (2, "swapped bytes"),
        (5, "a path"),
        (7, "a child outside of a tree"),
    ],
)
def test_the_messages_on_the_page_are_the_actual_messages(row, name):
    assert table("artifacts.md", "file | sentence")[row][1] == FILES[name][1]
