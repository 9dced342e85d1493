"""Views that change the states of versions; for staff only."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from predictor import registry
from predictor.api.links import see_other
from predictor.api.option_serializers import (
    ReasonSerializer,
    TrainSerializer,
    VersionChoiceSerializer,
)
from predictor.api.renderers import ChangePage, opens_page
from predictor.api.serializers import CardSerializer
from predictor.api.views import ModelView
from predictor.core.model_name import NUMBER
from predictor.models import ModelVersion, RegisteredModel
from predictor.permissions import ManagesModels
from predictor.recipes import RECIPES
from predictor.runtime.store import get_store

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CONFLICT = OpenApiResponse(description="The change conflicts with the model's current state.")


def documented(view: type["Change"]) -> type["Change"]:
    """Describe the POST of a view in the OpenAPI schema by the view's name and docstring."""
    description = extend_schema(
        operation_id=view.__name__.lower(), description=view.__doc__, responses=view.responses
    )
    return extend_schema_view(post=description)(view)


class Change(ModelView):
    """A change of the live version, recorded with its user and reason."""

    page = ChangePage
    permission_classes = (ManagesModels,)
    serializer_class: type[Serializer[Any]] = ReasonSerializer
    responses: Mapping[int, Any] = {200: CardSerializer, 409: CONFLICT}
    # Makes the change, and returns the version that it concerns.
    change: Callable[..., ModelVersion | None]
    # State of the versions that the change can concern; None if the user does not choose one.
    state_before: ModelVersion.State | None = None
    # Heading of the page, with the name of the model and the version; label of its button.
    heading: str
    button: str
    # The version in the heading, as long as the user has not chosen one.
    unchosen_version = "a version"
    # Notice for a browser, with the version as the first argument of its format.
    notice = "Version {0.version} is {0.state}."

    def get_serializer(self, **kwargs: Any) -> Serializer[Any]:
        """Return the serializer of the options, with the version in the query in its form."""
        serializer = self.serializer_class(**kwargs)
        if (number := self.get_chosen_number()) and "version" in serializer.fields:
            field = serializer.fields["version"]
            field.initial, field.style = number, {"readonly": True}
        return serializer

    def get_chosen_number(self) -> int | None:
        """Return the number of the version in the query, for the page; None without a number."""
        number = self.request.query_params.get("version", "")
        return int(number) if re.fullmatch(NUMBER, number) else None

    def find_successor(self, model: RegisteredModel) -> ModelVersion | None:  # noqa: ARG002 - for subclasses
        """Return the version that the change will make live; None if there is none."""
        return None

    def get_heading(self, number: int | None) -> str:
        """Return the heading of the page, with the number of the version if it is known."""
        version = f"version {number}" if number else self.unchosen_version
        return self.heading.format(model=self.kwargs["name"], version=version)

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Open the page with the form for a browser. A program has no GET, and gets a 405."""
        if request.method not in ("GET", "HEAD") or not opens_page(request):
            return super().http_method_not_allowed(request, *args, **kwargs)
        self.check_exists(kwargs["name"])
        return Response()

    def check_exists(self, name: str) -> None:
        """Check that there is a model to change."""
        registry.find(name)

    def post(self, request: Request, name: str) -> HttpResponseBase:
        """Make the change, and return the model's card."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = cast("User", request.user)  # ManagesModels rejects anonymous users
        version = self.change(name, by=user, **serializer.validated_data)
        get_store().refresh()
        return self.respond(request, name, self.notice.format(version))

    def respond(self, request: Request, name: str, notice: str) -> HttpResponseBase:
        """Return the card as JSON; redirect a browser to the model's page, which has the notice."""
        if not isinstance(request.accepted_renderer, BrowsableAPIRenderer):
            return Response(CardSerializer(registry.find(name)).data)
        return see_other(request, notice, "model-detail", name)


@documented
class Train(Change):
    """Train a bundled model. The new version is live immediately."""

    heading, button = "Train {model}", "Train and make live"
    serializer_class = TrainSerializer
    change = staticmethod(registry.train)

    def check_exists(self, name: str) -> None:
        """Check that there is a model to change; a bundled model may have no version yet."""
        if name not in RECIPES:
            super().check_exists(name)


@documented
class Promote(Change):
    """Make a version live."""

    heading, button = "Make {version} of {model} live", "Make live"
    serializer_class = VersionChoiceSerializer
    state_before = ModelVersion.State.READY

    def find_successor(self, model: RegisteredModel) -> ModelVersion | None:
        """Return the version in the query, if it can be made live."""
        number = self.get_chosen_number()
        ready = model.versions.filter(state=self.state_before)
        return ready.filter(version=number).first() if number else None

    def change(self, name: str, **options: Any) -> ModelVersion:
        """Make the version live if it can be loaded."""
        number = options.pop("version")
        get_store().get(name, number)
        return registry.promote(registry.version(name, number), **options)


@documented
class Rollback(Change):
    """Make the previously live version live. Repeat it to go further back."""

    heading, button = "Roll {model} back to {version}", "Roll back"
    unchosen_version = "an earlier version"
    change = staticmethod(registry.rollback)

    def find_successor(self, model: RegisteredModel) -> ModelVersion | None:
        """Return the version that was live before."""
        return registry.previous_live(model)


@documented
class Reset(Change):
    """Make the lowest version that is not retired live. Nothing is deleted."""

    heading, button = "Reset {model} to {version}", "Reset"
    unchosen_version = "its first version"
    change = staticmethod(registry.reset)

    def find_successor(self, model: RegisteredModel) -> ModelVersion | None:
        """Return the lowest version."""
        return registry.lowest_version(model)


@documented
class Unpublish(Change):
    """Leave the model without a live version. A rollback makes the version live again."""

    heading, button = "Take {model} offline", "Take offline"
    change = staticmethod(registry.unpublish)
    responses = {200: CardSerializer}
    notice = "No version is live any more."


@documented
class Retire(Change):
    """Take a version out of service permanently. Its artifact is kept."""

    heading, button = "Retire {version} of {model}", "Retire"
    serializer_class = VersionChoiceSerializer
    state_before = ModelVersion.State.READY

    def change(self, name: str, **options: Any) -> ModelVersion:
        """Retire the version."""
        return registry.retire(registry.version(name, options.pop("version")), **options)


@documented
class Purge(Change):
    """Delete the files of a retired version. The version stays in the list of versions."""

    heading, button = "Delete the files of {version} of {model}", "Delete the files"
    serializer_class = VersionChoiceSerializer
    state_before = ModelVersion.State.RETIRED
    notice = "The files of version {0.version} are deleted."

    def change(self, name: str, **options: Any) -> ModelVersion:
        """Delete the files."""
        return registry.purge(registry.version(name, options.pop("version")), **options)
