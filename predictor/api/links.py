"""Absolute URLs of the site."""

from django.conf import settings
from django.urls import reverse
from rest_framework.request import Request


def absolute_url(request: Request, name: str, *args: object) -> str:
    """Return the URL of a named route: at PUBLIC_URL if it is set, else at the request's host."""
    return to_absolute(request, reverse(name, args=args))


def to_absolute(request: Request, path: str) -> str:
    """Return the URL of a path: at PUBLIC_URL if it is set, else at the request's host."""
    public_url: str = getattr(settings, "PUBLIC_URL", "")
    if public_url:
        return public_url.rstrip("/") + path
    url: str = request.build_absolute_uri(path)
    return url
