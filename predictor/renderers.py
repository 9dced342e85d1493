"""The page of a model: a form for its rows, which keeps what was typed."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.views import APIView


class RowFormRenderer(BrowsableAPIRenderer):
    """The browsable API with the submitted row still in the form beside its prediction."""

    def get_rendered_html_form(
        self, data: Any, view: APIView, method: str, request: Request
    ) -> Any:
        """Return the form for a method."""
        sent = request.method == method == "POST" and isinstance(request.data, Mapping)
        if sent and hasattr(view, "get_serializer"):
            return self.render_form_for_serializer(view.get_serializer(data=request.data))
        return super().get_rendered_html_form(data, view, method, request)
