"""Pages of the guide, read from the project's documentation."""

import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from mlsite.guide.markdown import Section, render

SUBJECT = 2  # level of the headings in the contents of a page

# Order of the pages. A page that is not listed here is part of the last group.
GROUPS = {
    "Use the service": ("predictions", "models", "tasks", "clients", "access"),
    "Bring a model": (
        "notebook",
        "estimators",
        "artifacts",
        "boosters",
        "custom-types",
        "evaluation",
        "engines",
        "isolation",
    ),
    "Run the site": ("serving", "configuration", "logs", "metrics"),
    "Change and measure it": (
        *("code", "embedding", "pages", "fast-path", "optimisations"),
        *("benchmarks", "benchmarks/one-worker"),
    ),
}
# The site in the examples of the documentation. A page shows its own site instead.
EXAMPLE_SITE = "http://localhost:8000"


def name_site(text: str, origin: str) -> str:
    """Return a text or HTML of the documentation whose examples name the site at the origin."""
    return text.replace(EXAMPLE_SITE, origin)


class GuidePage(NamedTuple):
    """A page: its name in the URL, its title, its first sentence, its HTML and its sections."""

    name: str
    title: str
    summary: str
    html: str
    sections: tuple[Section, ...]


class Group(NamedTuple):
    """Pages about one subject."""

    title: str
    pages: list[GuidePage]


@cache
def load_pages() -> dict[str, GuidePage]:
    """Return all pages by name, in the order of their groups. They are read once per process."""
    directory: Path = settings.GUIDE_DIR
    paths = {
        path.relative_to(directory).with_suffix("").as_posix(): path
        for path in sorted(directory.rglob("*.md"))
    }
    order = [name for group in GROUPS.values() for name in group if name in paths]
    return {name: _load(name, paths[name], paths) for name in dict.fromkeys([*order, *paths])}


def groups() -> list[Group]:
    """Return the groups with their pages."""
    pages = dict(load_pages())
    listed = [
        Group(title, [pages.pop(name) for name in names if name in pages])
        for title, names in GROUPS.items()
    ]
    listed[-1].pages.extend(pages.values())
    return listed


def _load(name: str, path: Path, paths: dict[str, Path]) -> GuidePage:
    def resolve(target: str) -> str | None:
        """Return the URL of a link between the pages; None for another file of the project."""
        file, _, anchor = target.partition("#")
        if not file or "://" in file:
            return target
        linked = PurePosixPath(name).parent / file
        if linked.suffix != ".md" or linked.with_suffix("").as_posix() not in paths:
            return None
        url = reverse("guide-page", args=[linked.with_suffix("").as_posix()])
        return f"{url}#{anchor}" if anchor else url

    rendered = render(path.read_text(), resolve)
    title, *others = rendered.sections
    summary = re.split(r"[.:] ", rendered.lead)[0].rstrip(".:")
    if not summary:
        summary = ", ".join(section.title for section in others if section.level == SUBJECT)
    return GuidePage(name, title.title, f"{summary}.", rendered.html, rendered.sections)
