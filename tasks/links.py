"""Absolute URLs of the site."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def absolute_url(request: Request | HttpRequest, path: str) -> str:
    """Return the URL of a path: at PUBLIC_URL if it is set, else at the host of the request."""
    public_url: str = getattr(settings, "PUBLIC_URL", "")
    return public_url.rstrip("/") + path if public_url else request.build_absolute_uri(path)
