"""Template tags of error pages."""

from django import template

from mlsite import error_pages

register = template.Library()

register.simple_tag(error_pages.request_id)


@register.filter
def advice(status: int) -> str:
    """Return the next step after a response with this status."""
    return error_pages.error_text(status).advice
