"""Every command in README.md and docs/ is run, and answers as its page says."""

import re
import shutil

import pytest

from tests.serving import ROOT, Site

pytestmark = pytest.mark.xdist_group("docs")

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(page):
    """The curl commands of a page, each with the output on the page."""
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
        for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = entry.replace("\\\n", " ").partition("\n")
            if command.startswith("curl "):
                yield command.strip(), shown.strip()


@pytest.fixture(scope="module")
def documented(prepared, tmp_path_factory):
    """A site of its own, for the pages change tasks and models: one worker trains for all."""
    home = shutil.copytree(prepared, tmp_path_factory.mktemp("docs") / "home")
    with Site(home, "--workers", "1") as site:
        yield site


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_are_answered_as_it_says(documented, prepared, page):
    password = (prepared / "password").read_text()
    for command, shown in commands(page):
        status, _, body = documented.curl(command.replace("PASSWORD", password))
        if shown.startswith("HTTP/1.1 "):
            assert status == int(shown.split()[1]), (command, body)
        elif shown:
            assert body == shown.replace("http://localhost:8000", documented.url), command
        else:
            assert status in {200, 201, 204}, (command, body)


def test_the_pages_hold_commands():
    assert sum(len(list(commands(page))) for page in PAGES) >= 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_links_of_a_page_lead_somewhere(page):
    links = re.findall(r"\]\(((?!https://)[^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
