"""Pages of a list of models in a browser: JSON has all of them."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from predictor.models import RegisteredModel

PAGE_SIZE = 25
# With more models, the page has a search.
MAX_WITHOUT_SEARCH = 10
MAX_SEARCH_LENGTH = 200

# Query parameters of a list of models.
SEARCH, NUMBER = "search", "page"


def get_search(request: Request) -> str:
    """Return the text that the models must contain; empty for all models.

    Raises
    ------
    ParseError
        The text is too long, or contains a null character, which PostgreSQL refuses.
    """
    text = request.query_params.get(SEARCH, "").strip()
    if "\0" in text:
        raise ParseError(f"{SEARCH} takes no null characters.")
    if len(text) > MAX_SEARCH_LENGTH:
        raise ParseError(f"{SEARCH} takes at most {MAX_SEARCH_LENGTH} characters.")
    return text


def get_page(models: QuerySet[RegisteredModel], request: Request) -> Page[RegisteredModel]:
    """Return the requested page; the first or the last one if there is no such page."""
    return Paginator(models, PAGE_SIZE).get_page(request.query_params.get(NUMBER))


def describe_page(page: Page[RegisteredModel], request: Request) -> dict[str, Any]:
    """Return the context of the template: the page, the search, and links to other pages."""
    url = request.get_full_path()
    search = get_search(request)
    previous, following = page.number - 1, page.number + 1
    return {
        "models_page": page,
        "search": search,
        "has_search": bool(search) or page.paginator.count > MAX_WITHOUT_SEARCH,
        "previous_url": replace_query_param(url, NUMBER, previous) if page.has_previous() else None,
        "next_url": replace_query_param(url, NUMBER, following) if page.has_next() else None,
    }
