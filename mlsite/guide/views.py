"""Views of the guide: the list of its pages with a search, and each page."""

from collections.abc import Sequence

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mlsite.guide import pages
from mlsite.guide.renderers import GuideIndex, GuidePageHtml
from mlsite.guide.search import Result, search
from predictor.api.links import absolute_url, get_origin
from predictor.api.strict_json import JSONRenderer


class Guide(APIView):
    """Documentation for users of the service, for its operators and for its developers."""

    name = "Guide"
    schema = None
    # For the page.
    query = ""
    results: Sequence[Result] = ()
    renderer_classes = (JSONRenderer, GuideIndex)

    def get(self, request: Request) -> Response:
        """Return the pages, or the sections that were found."""
        self.query = request.query_params.get("search", "").strip()
        if not self.query:
            return Response(
                [
                    {
                        "title": page.title,
                        "summary": page.summary,
                        "url": absolute_url(request, "guide-page", page.name),
                    }
                    for page in pages.load_pages().values()
                ]
            )
        self.results = search(self.query, get_origin(request))
        return Response(
            [
                {
                    "page": result.page.title,
                    "section": result.section.title,
                    "url": page_url(request, result.page.name, result.section.anchor),
                    "excerpt": result.before + result.match + result.after,
                }
                for result in self.results
            ]
        )


class GuidePage(APIView):
    """A page of the guide."""

    schema = None
    renderer_classes = (JSONRenderer, GuidePageHtml)

    def get(self, request: Request, name: str) -> Response:
        """Return the sections of the page as text."""
        page = pages.load_pages().get(name)
        if page is None:
            raise NotFound("The guide has no such page.")
        origin = get_origin(request)
        sections = [
            {
                "title": section.title,
                "url": page_url(request, name, section.anchor),
                "text": pages.name_site(section.text, origin),
            }
            for section in page.sections
        ]
        return Response({"title": page.title, "sections": sections})


def page_url(request: Request, name: str, anchor: str) -> str:
    """Return the URL of a section of a page."""
    return f"{absolute_url(request, 'guide-page', name)}#{anchor}"
