"""Responses to the exceptions of API views: those about the request name the alternatives."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404
from rest_framework.exceptions import (
    MethodNotAllowed,
    NotAcceptable,
    NotAuthenticated,
    UnsupportedMediaType,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView, exception_handler

# Methods that every view has besides its own.
IMPLIED_METHODS = ("HEAD", "OPTIONS")


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Return DRF's response to an exception, with a message that names the alternatives."""
    response = exception_handler(exc, context)
    if response is not None and (message := explain(exc, context["request"], context["view"])):
        response.data = {"detail": message}
    return response


def explain(exc: Exception, request: Request, view: APIView) -> str:
    """Return the message about login, method, media type or format; empty for other exceptions."""
    if isinstance(exc, NotAuthenticated) and exc.detail == NotAuthenticated().detail:
        return f"{exc.detail} Send a token as `Authorization: Bearer TOKEN`."
    if isinstance(exc, MethodNotAllowed):
        return describe_methods(exc, view.allowed_methods)
    if isinstance(exc, NotAcceptable):
        available = (renderer.media_type for renderer in view.get_renderers())
        return f"{exc.detail} Available: {', '.join(dict.fromkeys(available))}."
    if isinstance(exc, UnsupportedMediaType):
        # Views with another message describe their format themselves.
        is_plain = exc.detail == UnsupportedMediaType(request.content_type).detail
        accepted = ", ".join(parser.media_type for parser in view.get_parsers())
        return f"{exc.detail} Accepted: {accepted}." if is_plain else ""
    if isinstance(exc, Http404):
        parameter = api_settings.URL_FORMAT_OVERRIDE
        requested = request.query_params.get(parameter)
        formats = [renderer.format for renderer in view.get_renderers()]
        if requested and requested not in formats:
            return f"There is no format {requested}; {parameter} takes {' or '.join(formats)}."
    return ""


def describe_methods(exc: MethodNotAllowed, allowed: Iterable[str]) -> str:
    """Return the message of a 405 with the allowed methods."""
    methods = ", ".join(method for method in allowed if method not in IMPLIED_METHODS)
    return f"{exc.detail} Allowed: {methods}." if methods else str(exc.detail)
