"""Pages of the guide in a browser."""

from typing import Any

from django.urls import reverse
from django.utils.html import escape
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from mlsite.guide import pages
from predictor.api.links import get_origin


class GuideIndex(BrowsableAPIRenderer):
    """The pages in their groups, or the sections that the search finds."""

    template = "mlsite/guide/index.html"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template."""
        context: dict[str, Any] = super().get_context(data, *args)
        view = context["view"]
        return context | {"groups": pages.groups(), "search": view.query, "results": view.results}


class GuidePageHtml(BrowsableAPIRenderer):
    """A page with the contents of the guide and its own headings."""

    template = "mlsite/guide/page.html"

    def get_name(self, view: APIView) -> str:
        """Return the title of the page."""
        page = pages.load_pages().get(view.kwargs["name"])
        return page.title if page else "Guide"

    def get_breadcrumbs(self, request: Request) -> list[tuple[str, str]]:
        """Return the path to the page."""
        context = request.parser_context or {}
        return [
            ("Home", reverse("home")),
            ("Guide", reverse("guide")),
            (self.get_name(context["view"]), request.path),
        ]

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template. Its examples name this site."""
        context: dict[str, Any] = super().get_context(data, *args)
        page = pages.load_pages().get(context["view"].kwargs["name"])
        if page is None:
            return context
        names = list(pages.load_pages().values())
        place = names.index(page)
        return context | {
            "page": page,
            "text": pages.name_site(page.html, escape(get_origin(context["request"]))),
            "headings": [section for section in page.sections if section.level == pages.SUBJECT],
            "previous_page": names[place - 1] if place else None,
            "next_page": names[place + 1] if place + 1 < len(names) else None,
        }
