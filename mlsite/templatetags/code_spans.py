"""Template filter of descriptions in the API schema."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def with_code(text: str) -> SafeString:
    """Return a text as HTML, with the parts between backticks as code."""
    html = re.sub("`([^`]*)`", r"<code>\1</code>", escape(text))
    return mark_safe(html)  # noqa: S308 - escaped above
