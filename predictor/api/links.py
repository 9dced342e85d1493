"""Absolute URLs of the site, and the page that follows a change."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import get_script_prefix, reverse
from rest_framework import status
from rest_framework.request import Request

from predictor import conf


def absolute_url(request: Request, name: str, *args: object) -> str:
    """Return the URL of a named route: at PUBLIC_URL if it is set, else at the request's host."""
    return to_absolute(request, reverse(name, args=args))


def get_origin(request: Request) -> str:
    """Return the URL of the site, without a slash at its end."""
    return to_absolute(request, get_script_prefix()).rstrip("/")


def to_absolute(request: Request, path: str) -> str:
    """Return the URL of a path: at PUBLIC_URL if it is set, else at the request's host."""
    public_url = conf.public_url()
    url: str = public_url + path if public_url else request.build_absolute_uri(path)
    return url


def see_other(request: Request, notice: str, name: str, *args: object) -> HttpResponseRedirect:
    """Return the redirect of a browser to the page of a named route, which shows the notice."""
    messages.success(request, notice, fail_silently=True)  # a site may have no messages
    return HttpResponseRedirect(reverse(name, args=args), status=status.HTTP_303_SEE_OTHER)
