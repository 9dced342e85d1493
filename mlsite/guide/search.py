"""Search in the sections of the guide."""

from functools import cache
from typing import NamedTuple

from mlsite.guide.markdown import Section
from mlsite.guide.pages import GuidePage, load_pages

MAX_RESULTS = 30
# Characters of an excerpt before and after the found word.
BEFORE, AFTER = 60, 140


class Result(NamedTuple):
    """A section that contains all words, with its text around the first of them."""

    page: GuidePage
    section: Section
    before: str
    match: str
    after: str


def search(query: str) -> list[Result]:
    """Return the sections that contain all words; those with the words in a title come first."""
    words = query.casefold().split()
    matches = [
        (_rank(words, page, section), page, section)
        for page, section, text in _index()
        if all(word in text for word in words)
    ]
    matches.sort(key=lambda match: match[0])  # stable: otherwise in the order of the pages
    return [_result(words, page, section) for _, page, section in matches[:MAX_RESULTS]]


@cache
def _index() -> list[tuple[GuidePage, Section, str]]:
    """Return all sections, each with the text that is searched."""
    return [
        (page, section, f"{page.title} {section.title} {section.text}".casefold())
        for page in load_pages().values()
        for section in page.sections
    ]


def _rank(words: list[str], page: GuidePage, section: Section) -> int:
    """Return 0 if the heading has all words, 1 if the page's title has one, else 2."""
    if all(word in section.title.casefold() for word in words):
        return 0
    return 1 if any(word in page.title.casefold() for word in words) else 2


def _result(words: list[str], page: GuidePage, section: Section) -> Result:
    text = section.text
    lower = text.lower()
    places = [(lower.find(word), len(word)) for word in words if word in lower]
    if not places:
        return Result(page, section, "", "", _cut(text, AFTER))
    start, length = min(places)
    end = start + length
    before = text[max(0, start - BEFORE) : start]
    if start > BEFORE:
        before = "… " + before.partition(" ")[2]
    return Result(page, section, before, text[start:end], _cut(text[end:], AFTER))


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length].rpartition(" ")[0] + " …"
