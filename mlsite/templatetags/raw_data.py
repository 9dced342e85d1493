"""What was sent as raw data, for the form that it was sent with."""

from django import template
from django.forms import Form
from django.http import RawPostDataException
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

register = template.Library()


@register.filter
def raw_text(request: Request) -> str | None:
    """Return the JSON of the body, letter for letter; None where the body is something else."""
    if request.content_type.partition(";")[0].strip() != JSONParser.media_type:
        return None
    try:
        return str(request.body, "utf-8", "replace")
    except RawPostDataException:  # read by a parser that does not keep it
        return None


@register.filter
def holding(form: Form, text: str | None) -> Form:
    """Return the form of raw data with the text in it, if there is one."""
    if text is not None:
        form.initial["_content"] = text
    return form
