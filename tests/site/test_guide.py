"""The guide: the project's documentation as pages, their links, and the search."""

import re
from html import unescape
from urllib.parse import urljoin

import pytest

from mlsite.guide.markdown import render
from mlsite.guide.pages import GROUPS, load_pages
from tests.browser_requests import BROWSER
from tests.serving import ROOT

pytestmark = pytest.mark.django_db


def html(client, url):
    response = client.get(url, **BROWSER)
    assert response.status_code == 200, url
    return response.content.decode()


def test_every_page_of_the_documentation_is_listed_in_a_group_and_opens(client):
    files = {
        path.relative_to(ROOT / "docs").with_suffix("").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
    }
    assert {name for names in GROUPS.values() for name in names} == files == set(load_pages())
    index = html(client, "/guide/")
    for name, page in load_pages().items():
        assert f'<a href="/guide/{name}">{page.title}</a>' in index


@pytest.mark.parametrize("name", sorted(name for names in GROUPS.values() for name in names))
def test_the_links_of_a_page_lead_to_headings_and_it_has_no_inline_style(client, name):
    text = html(client, f"/guide/{name}")
    assert " style=" not in text
    for link in re.findall(r'<a (?:class="anchor" )?href="((?:/guide/|#)[^"]*)"', text):
        url, _, anchor = urljoin(f"/guide/{name}", unescape(link)).partition("#")
        if anchor == "content" or url == "/guide":
            continue
        page = load_pages()[url.removeprefix("/guide/")]
        assert anchor in {"", *(section.anchor for section in page.sections)}, link


def test_a_page_is_json_for_a_program_and_names_the_site_in_its_examples(client):
    assert client.get("/guide/").json()[0]["url"] == "http://testserver/guide/predictions"
    page = client.get("/guide/predictions/").json()
    assert page["title"] == "Predictions"
    assert page["sections"][1]["url"] == "http://testserver/guide/predictions#one-row"
    assert page["sections"][1]["text"].startswith("Send a row as an object")
    text = html(client, "/guide/predictions")
    assert "http://testserver/predict" in text
    assert "localhost:8000" not in text
    assert "http://testserver/predict" in page["sections"][1]["text"]
    response = client.get("/guide/nothing")
    assert (response.status_code, response.json()) == (
        404,
        {"detail": "The guide has no such page."},
    )


def test_the_search_finds_the_sections_with_all_words_and_titles_first(client):
    found = client.get("/guide/?search=ROLL+back").json()
    assert found[0]["url"].startswith("http://testserver/guide/models#")
    assert all("roll" in str(one).lower() for one in found)
    text = html(client, "/guide/?search=retention<b>")
    assert "No section contains all of these words." in text
    assert "<b>" not in text
    assert "<mark>roll</mark>" in html(client, "/guide/?search=roll+back")


def test_the_search_names_the_public_url_of_the_site(client, settings):
    settings.PUBLIC_URL = "https://models.example.org/"
    assert client.get("/guide/?search=localhost:8000").json() == []
    found = client.get("/guide/?search=https://models.example.org/predict").json()
    assert "https://models.example.org/predict" in found[0]["excerpt"]
    assert found[0]["url"].startswith("https://models.example.org/guide/")
    page = html(client, "/guide/?search=models.example.org/predict")
    assert "https://<mark>models.example.org/predict</mark>" in page


def test_markdown_becomes_the_markup_of_the_site():
    text = """# Title

Lead <script>. [near](#a) [far](https://example.org) [code](../code.py) ![a picture](b.svg)

## A `b` & c!

| n |
| ---: |
| 1 |

## A `b` & c!
"""
    rendered = render(text, lambda url: None if url.startswith("..") else url)
    assert rendered.html == (
        '<p>Lead &lt;script&gt;. <a href="#a">near</a> <a href="https://example.org">far</a> code '
        "a picture</p>\n"
        '<h2 id="a-b--c">A <code>b</code> &amp; c! '
        '<a class="anchor" href="#a-b--c" aria-label="Link to this section">#</a></h2>\n'
        '<div class="table-wide" tabindex="0" role="group" aria-label="Table"><table class="table">'
        '<thead>\n<tr>\n<th class="number">n</th>\n</tr>\n</thead>\n'
        '<tbody>\n<tr>\n<td class="number">1</td>\n</tr>\n</tbody>\n</table></div>'
        '<h2 id="a-b--c-1">A <code>b</code> &amp; c! '
        '<a class="anchor" href="#a-b--c-1" aria-label="Link to this section">#</a></h2>\n'
    )
    assert [section.anchor for section in rendered.sections] == ["title", "a-b--c", "a-b--c-1"]
