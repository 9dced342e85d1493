"""Responses to errors that need no database and no session: JSON, or a page in a browser."""

from http import HTTPStatus
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from mlsite.server.access_log import current_request_id

PROGRAM, BROWSER = "application/json", "text/html"


class ErrorText(NamedTuple):
    """Heading of an error page, and the next step of its reader."""

    title: str
    advice: str


ERROR_TEXTS = {
    HTTPStatus.BAD_REQUEST: ErrorText(
        "The request is not valid", "Correct the request and send it again."
    ),
    HTTPStatus.FORBIDDEN: ErrorText(
        "Not allowed",
        "Go back, load the page again and repeat the step. If that does not help, sign in as a "
        "user who has the permission, or ask the operator for it.",
    ),
    HTTPStatus.NOT_FOUND: ErrorText(
        "Not found", "Check the address, or start again from the home page."
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorText(
        "This address does not do that", "The JSON tab of the page shows its methods."
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorText(
        "Too large", "Send less in one request, such as fewer rows or a smaller file."
    ),
    HTTPStatus.TOO_MANY_REQUESTS: ErrorText(
        "Too many attempts",
        "If you no longer know the password, ask the operator for a new one.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: ErrorText(
        "The server failed",
        "Try again. If the error stays, give "
        "the request id to the operator, who finds the cause in the log.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorText(
        "Not available now",
        "If a later attempt fails too, give the request id to the operator.",
    ),
}


def error_text(status: int) -> ErrorText:
    """Return the texts of a status; for a status without own texts, its standard phrase."""
    code = HTTPStatus(status)
    return ERROR_TEXTS.get(code) or ErrorText(code.phrase, "")


def error_response(
    request: HttpRequest, status: int, sentence: str, headers: dict[str, str] | None = None
) -> HttpResponse:
    """Return the response to an error. It reads neither the user nor the database."""
    response: HttpResponse
    if wants_page(request):
        context = {"error": error_text(status), "sentence": sentence, "status": status}
        page = render_to_string("mlsite/error.html", context)
        response = HttpResponse(page, status=status, headers=headers)
    else:
        response = JsonResponse({"detail": sentence}, status=status, headers=headers)
    patch_vary_headers(response, ("Accept",))
    return response


def wants_page(request: HttpRequest) -> bool:
    """Return whether the client prefers a page to JSON; one that takes everything gets JSON."""
    return request.get_preferred_type([PROGRAM, BROWSER]) == BROWSER


def request_id() -> str:
    """Return the id of the current request, which its lines in the log have."""
    return current_request_id.get()
