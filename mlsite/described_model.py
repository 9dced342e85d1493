"""The model that an OpenAPI schema describes."""

from typing import Any
from urllib.parse import urlencode

from drf_spectacular.plumbing import build_mock_request
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from predictor.api.openapi import MODEL
from predictor.conf import default_model
from predictor.runtime.store import get_store


def get_described_model(request: Request) -> str:
    """Return the only model that a schema describes; empty if it describes all models.

    A page of all models could have any length: without a choice, it describes the default model, or
    the first live model if the default model is not live.
    """
    name = request.query_params.get(MODEL, "")
    if name or not isinstance(request.accepted_renderer, BrowsableAPIRenderer):
        return name
    live = {model.name for model in get_store().models()}
    return default_model() if default_model() in live else min(live, default="")


def build_request(
    method: str, path: str, view: APIView, schema_request: Request | None, **kwargs: Any
) -> Request:
    """Return the request with which drf-spectacular describes a view; its query has the model."""
    name = get_described_model(schema_request) if schema_request else ""
    url = f"{path}?{urlencode({MODEL: name})}" if name else path
    request: Request = build_mock_request(method, url, view, schema_request, **kwargs)  # type: ignore[no-untyped-call]  # untyped
    return request
