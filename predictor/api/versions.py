"""Views of the versions of a model: list, registration, details and predictions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from predictor import registry
from predictor.api.links import absolute_url, see_other
from predictor.api.model_page import VersionListPage, VersionPage
from predictor.api.openapi import VERSION, VersionPredictSchema
from predictor.api.option_serializers import PageUploadSerializer, UploadSerializer
from predictor.api.serializers import LONG_COLUMNS, VersionCardSerializer, VersionSerializer
from predictor.api.uploads import register
from predictor.api.views import ModelView, Predict
from predictor.core.codec import JSON_ROWS
from predictor.core.model import Model
from predictor.permissions import ManagesModels
from predictor.runtime.store import get_store

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from predictor.core.signature import Signature


class VersionList(ModelView):
    """The versions of a model. An upload registers a new version."""

    name = "Versions"
    page = VersionListPage
    parser_classes = (MultiPartParser,)
    serializer_class = UploadSerializer

    def get_permissions(self) -> Sequence[Any]:
        """Return the permissions: only users who manage models may upload."""
        is_upload = self.request.method == "POST"
        return [ManagesModels()] if is_upload else super().get_permissions()

    def get_serializer(self, **kwargs: Any) -> UploadSerializer:
        """Return the serializer of an upload, by a program or on the page."""
        renderer = getattr(self.request, "accepted_renderer", None)
        is_page = isinstance(renderer, BrowsableAPIRenderer)
        return (PageUploadSerializer if is_page else UploadSerializer)(**kwargs)

    @extend_schema(operation_id="model_versions", responses=VersionSerializer(many=True))
    def get(self, _request: Request, name: str) -> Response:
        """Return the model's versions, in ascending order."""
        versions = registry.find(name).versions.order_by("version").defer(*LONG_COLUMNS)
        return Response(VersionSerializer(versions, many=True).data)

    @extend_schema(operation_id="register", responses={201: VersionCardSerializer})
    def post(self, request: Request, name: str) -> HttpResponseBase:
        """Register an artifact as the next version. A new name creates the model."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = cast("User", request.user)  # ManagesModels rejects anonymous users
        version = register(name, serializer.validated_data, user)
        if isinstance(request.accepted_renderer, BrowsableAPIRenderer):
            notice = f"Version {version.version} is registered. It is {version.state}."
            return see_other(request, notice, "model-version", name, version.version)
        url = absolute_url(request, "model-version", name, version.version)
        return Response(
            VersionCardSerializer(version).data,
            status=status.HTTP_201_CREATED,
            headers={"Location": url},
        )


class VersionDetail(ModelView):
    """One version of a model."""

    name = "Version"
    page = VersionPage
    serializer_class = VersionCardSerializer

    @extend_schema(operation_id="model_version", parameters=[VERSION])
    def get(self, _request: Request, name: str, version: str) -> Response:
        """Return the version's card."""
        return Response(VersionCardSerializer(registry.version(name, int(version))).data)


class VersionPredict(Predict):
    """Predictions of one version, whether it is live or not."""

    name = "Predict"
    codec = JSON_ROWS  # stated again for the fast path, which does not know other subclasses
    schema = VersionPredictSchema()
    described: "dict[str, Signature] | None" = None  # for the schema

    def model(self) -> Model:
        """Return the requested version, loaded."""
        return get_store().get(self.model_name, int(self.kwargs["version"]))

    def get(self, _request: Request, name: str = "", version: str = "") -> Response:
        """Return the version's card, unless the version is retired."""
        return Response(VersionCardSerializer(registry.callable_version(name, int(version))).data)
