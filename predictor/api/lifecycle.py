"""What staff does to a model over HTTP: a new version, another one live, or one retired."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from predictor import registry
from predictor.api.renderers import ChangePage
from predictor.api.serializers import (
    CardSerializer,
    ReasonSerializer,
    TrainSerializer,
    VersionChoiceSerializer,
)
from predictor.api.views import ModelView
from predictor.models import ModelVersion
from predictor.permissions import ManagesModels
from predictor.runtime.store import get_store

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RESPONSES = {
    200: CardSerializer,
    409: OpenApiResponse(description="It does not go with how things are."),
}


def documented(view: type["Change"]) -> type["Change"]:
    """Have the schema tell of a change under its own name, in its own words."""
    told = extend_schema(
        operation_id=view.__name__.lower(), description=view.__doc__, responses=RESPONSES
    )
    return extend_schema_view(post=told)(view)


class Change(ModelView):
    """A change of what is live: staff only, recorded with who and why."""

    page = ChangePage
    permission_classes = (ManagesModels,)
    serializer_class: type[Serializer[Any]] = ReasonSerializer

    def get_serializer(self, **kwargs: Any) -> Serializer[Any]:
        """Return the form."""
        return self.serializer_class(**kwargs)

    def change(self, name: str, **said: Any) -> ModelVersion:
        """Make the change."""
        raise NotImplementedError

    def post(self, request: Request, name: str) -> HttpResponseBase:
        """Make the change, and return the model's card."""
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        by = cast("User", request.user)  # ManagesModels saw to it
        version = self.change(name, by=by, **form.validated_data)
        get_store().refresh()
        return self.answer(request, version)

    def answer(self, request: Request, version: ModelVersion) -> HttpResponseBase:
        """Return the card; a browser is sent to its page, which can be opened again."""
        if not isinstance(request.accepted_renderer, BrowsableAPIRenderer):
            return Response(CardSerializer(version.model).data)
        sentence = f"Version {version.version} is {version.state}."
        messages.success(request, sentence, fail_silently=True)  # a site may have no messages
        page = reverse("model-detail", args=[version.model.name])
        return HttpResponseRedirect(page, status=status.HTTP_303_SEE_OTHER)


@documented
class Train(Change):
    """Training of a bundled model: a new version, live at once."""

    serializer_class = TrainSerializer

    def change(self, name: str, **said: Any) -> ModelVersion:
        """Train it."""
        return registry.train(name, **said)


@documented
class Promote(Change):
    """Make a version the live one."""

    serializer_class = VersionChoiceSerializer

    def change(self, name: str, **said: Any) -> ModelVersion:
        """Make it live, if it can be loaded at all."""
        number = said.pop("version")
        get_store().get(name, number)
        return registry.promote(registry.version(name, number), **said)


@documented
class Rollback(Change):
    """Return to the version that was live before; again, and it goes further back."""

    def change(self, name: str, **said: Any) -> ModelVersion:
        """Make it live again."""
        return registry.rollback(name, **said)


@documented
class Reset(Change):
    """Return to the lowest version that is not retired. Nothing is deleted."""

    def change(self, name: str, **said: Any) -> ModelVersion:
        """Make it live."""
        return registry.reset(name, **said)


@documented
class Retire(Change):
    """Take a version out of service for good. Its artifact stays."""

    serializer_class = VersionChoiceSerializer

    def change(self, name: str, **said: Any) -> ModelVersion:
        """Retire it."""
        return registry.retire(registry.version(name, said.pop("version")), **said)
