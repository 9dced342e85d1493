"""Routes of the site, for the tests that try all of them."""

import re

from django.urls import get_resolver


def routes(patterns=None, before=""):
    """Every route that the resolver knows, with its parameters by name."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield named(route)


def named(route):
    plain = re.sub(r"\(\?P(<\w+>)[^()]*\)", r"\1", route)
    return plain.replace("^", "").replace("$", "").replace("/?", "/")
