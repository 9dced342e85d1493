"""Search in the sections of the guide."""

from collections.abc import Iterator
from typing import NamedTuple

from mlsite.guide.markdown import Section
from mlsite.guide.pages import GuidePage, load_pages, name_site

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


def search(query: str, origin: str) -> list[Result]:
    """Return the sections that contain all words; those with the words in a title come first.

    The examples in the sections name the site at the origin.
    """
    words = query.casefold().split()
    matches = [
        (_rank(words, page, section), page, section)
        for page, section, text in _index(origin)
        if all(word in text for word in words)
    ]
    matches.sort(key=lambda match: match[0])  # stable: otherwise in the order of the pages
    return [_result(words, page, section) for _, page, section in matches[:MAX_RESULTS]]


def _index(origin: str) -> Iterator[tuple[GuidePage, Section, str]]:
    """Yield all sections, each with the text that is searched."""
    for page in load_pages().values():
        for section in page.sections:
            text = name_site(section.text, origin)
            searched = f"{page.title} {section.title} {text}".casefold()
            yield page, section._replace(text=text), searched


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
