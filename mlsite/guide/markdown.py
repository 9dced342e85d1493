"""Markdown of the project's own documentation to HTML, with the markup of the site's pages."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

TITLE = 3  # tokens of a heading
WIDE_TABLE = (
    '<div class="table-wide" tabindex="0" role="group" aria-label="Table"><table class="table">'
)


class Section(NamedTuple):
    """A heading with the text below it, up to the next heading. A page begins with level 1."""

    level: int
    anchor: str
    title: str
    text: str


class Rendered(NamedTuple):
    """A page as HTML, without its first heading; its first paragraph; its sections."""

    html: str
    lead: str
    sections: tuple[Section, ...]


def render(text: str, resolve: Callable[[str], str | None]) -> Rendered:
    """Return a page as HTML. Raw HTML in the text is escaped.

    Parameters
    ----------
    text : str
        Markdown that begins with a heading of level 1.
    resolve : callable
        Takes the target of a link and returns its URL; None removes the link and keeps its text.
    """
    parser = _parser()
    tokens = parser.parse(text)
    sections = _sections(tokens)
    for token in tokens:
        if token.attrs.pop("style", None) == "text-align:right":  # the policy allows no style
            token.attrSet("class", "number")
        _resolve(token.children or (), resolve)
    html = parser.renderer.render(tokens[TITLE:], parser.options, {})
    return Rendered(str(html), _lead(tokens), tuple(sections))


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - it takes 50 ms, and only the guide needs it

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("table_open", _open_table)
    parser.add_render_rule("table_close", _close_table)
    parser.add_render_rule("heading_close", _close_heading)
    return parser


def _sections(tokens: "Sequence[Token]") -> list[Section]:
    """Return the sections, and give their headings the anchors that GitHub gives them."""
    sections: list[Section] = []
    anchors: Counter[str] = Counter()
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            title = _plain(token)
            slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            anchor = f"{slug}-{anchors[slug]}" if anchors[slug] else slug
            anchors[slug] += 1
            before.attrSet("id", anchor)
            sections.append(Section(int(before.tag[1:]), anchor, title, ""))
        elif token.type in ("inline", "fence"):
            last = sections[-1]
            sections[-1] = last._replace(text=f"{last.text} {_plain(token)}".strip())
    return sections


def _lead(tokens: Sequence["Token"]) -> str:
    """Return the first paragraph if it is above the second heading, else an empty text."""
    for before, token in pairwise(tokens[TITLE:]):
        if before.type == "heading_open":
            break
        if before.type == "paragraph_open":
            return _plain(token)
    return ""


def _plain(token: "Token") -> str:
    children = token.children or [token]
    return " ".join(
        "".join(child.content or " " * child.type.endswith("break") for child in children).split()
    )


def _resolve(tokens: Sequence["Token"], resolve: Callable[[str], str | None]) -> None:
    url: str | None = None
    for token in tokens:
        if token.type == "link_open":
            url = resolve(str(token.attrs["href"]))
            token.attrs["href"] = url or ""
        if token.type in ("link_open", "link_close"):
            token.hidden = url is None
        elif token.type == "image":  # only its description: the pages load no other files
            token.type, token.tag, token.children = "text", "", None


def _open_table(_self: "RendererHTML", *_arguments: object) -> str:
    return WIDE_TABLE


def _close_table(_self: "RendererHTML", *_arguments: object) -> str:
    return "</table></div>"


def _close_heading(
    _self: "RendererHTML",
    tokens: "Sequence[Token]",
    index: int,
    _options: "OptionsDict",
    _env: "EnvType",
) -> str:
    anchor = tokens[index - 2].attrs["id"]
    link = f'<a class="anchor" href="#{anchor}" aria-label="Link to this section">#</a>'
    return f" {link}</{tokens[index].tag}>\n"
