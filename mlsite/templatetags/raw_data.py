"""Template filters for the raw data form of the browsable API."""

from django import template
from django.forms import Form
from django.http import RawPostDataException
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from predictor.api.table_page import MAX_REPEATED_LENGTH

register = template.Library()


@register.filter
def raw_text(request: Request) -> str | None:
    """Return the body's text if it is JSON, else None; an empty text if it is too long."""
    if request.content_type.partition(";")[0].strip() != JSONParser.media_type:
        return None
    try:
        text = str(request.body, "utf-8", "replace")
    except RawPostDataException:  # a parser has consumed the body
        return None
    return text if len(text) <= MAX_REPEATED_LENGTH else ""


@register.filter
def holding(form: Form, text: str | None) -> Form:
    """Return the raw data form, with the text in it if there is one."""
    if text is not None:
        form.initial["_content"] = text
    return form
