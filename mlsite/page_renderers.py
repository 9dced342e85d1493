"""Renderer of the home page."""

from typing import Any

from django.conf import settings
from rest_framework import status
from rest_framework.renderers import BrowsableAPIRenderer

from predictor.api.serializers import CardSerializer
from predictor.models import ModelVersion, RegisteredModel
from predictor.permissions import VIEW


class HomePage(BrowsableAPIRenderer):
    """The home page: the served models and links to the rest of the site."""

    template = "mlsite/home.html"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the template's context, with the cards of the live models."""
        context: dict[str, Any] = super().get_context(data, *args)
        may_see = settings.API_ACCESS == "open" or context["user"].has_perm(VIEW)
        if may_see and context["response"].status_code == status.HTTP_200_OK:
            models = RegisteredModel.objects.filter(versions__state=ModelVersion.State.LIVE)
            context["cards"] = [CardSerializer(model).data for model in models]
        return context
