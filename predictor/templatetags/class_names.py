"""Names of classes beside their labels on pages."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html

from predictor.core.response_values import encode_label

register = template.Library()


@register.simple_tag
def class_name(names: Mapping[str, str], label: Any) -> str:
    """Return the name of a class; empty without a name, and for several labels."""
    is_label = isinstance(label, str | int | float)
    name = names.get(encode_label(label), "") if names and is_label else ""
    return format_html('<span class="class-name">{}</span>', name) if name else ""
