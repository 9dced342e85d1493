"""Names of classes beside their labels on pages."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html

from predictor.core.columns import format_number
from predictor.core.response_values import encode_label

register = template.Library()


def find_name(names: Mapping[str, str], label: Any) -> str:
    """Return the name of a class; empty without a name, and for several labels."""
    is_label = isinstance(label, str | int | float)
    return names.get(encode_label(label), "") if names and is_label else ""


@register.simple_tag
def class_name(names: Mapping[str, str], label: Any) -> str:
    """Return the name of a class as HTML; empty without a name, and for several labels."""
    name = find_name(names, label)
    return format_html('<span class="class-name">{}</span>', name) if name else ""


@register.simple_tag
def prediction_words(names: Mapping[str, str], value: Any) -> str:
    """Return a sentence with the predicted class and its name, or with a rounded number."""
    if name := find_name(names, value):
        return format_html("The prediction is <b>{}</b> (class {}).", name, value)
    if isinstance(value, float):
        short = format_number(value, 6)
        sign = "" if float(short) == value else "about "
        return format_html("The prediction is {}<b>{}</b>.", sign, short)
    return format_html("The prediction is <b>{}</b>.", "missing" if value is None else value)
