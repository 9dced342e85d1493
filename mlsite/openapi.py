"""OpenAPI schema of the site's operations: authentication and error responses."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from drf_spectacular.authentication import BasicScheme, TokenScheme
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import status
from rest_framework.parsers import JSONParser
from rest_framework.permissions import SAFE_METHODS

from mlsite.accounts.authentication import BasicAuthentication
from mlsite.accounts.permissions import ApiAccess

Schema = dict[str, Any]

SENTENCES: Schema = {"type": "array", "items": {"type": "string"}}
REFUSAL: Schema = {
    "type": "object",
    "description": "The reason of the error.",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
}
ERRORS: Schema = {
    "type": "object",
    "description": "Errors of the fields, of the rows by index, or of the whole request.",
    "properties": {"detail": {"anyOf": [{"type": "string"}, SENTENCES]}},
    "additionalProperties": {
        "anyOf": [SENTENCES, {"type": "object", "additionalProperties": SENTENCES}]
    },
}
REASONS = {
    "400": "The request is not valid.",
    "401": "The credentials are missing or not valid.",
    "403": "Not allowed.",
    "404": "Not found.",
    "406": "No acceptable media type.",
    "411": "The body is chunked and not JSON.",
    "413": "The body is too large.",
    "415": "The media type of the body is not supported, or the body is compressed.",
    "429": "Too many failed logins.",
    "503": "The request cannot be answered now.",
}


class SiteSchema(AutoSchema):
    """Schema of an operation, with the error responses that follow from its view's attributes.

    The view itself lists its further errors among its responses, as a status and a description.
    """

    def get_operation(self, *args: Any) -> Schema | None:
        """Return the operation with all its responses."""
        operation: Schema | None = super().get_operation(*args)
        if operation is None:
            return None
        if "summary" not in operation:
            text = " ".join(operation.pop("description", "").split())
            summary, _, others = text.partition(". ")
            operation["summary"] = summary.rstrip(".")
            if others:
                operation["description"] = others
        responses = operation["responses"]
        for code, response in responses.items():
            if int(code) >= status.HTTP_400_BAD_REQUEST:
                response.setdefault("content", self._content(code))
        for code in self._refusals(operation):
            responses.setdefault(code, self._refusal(code))
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def get_tags(self) -> list[str]:
        """Return the subject of the operation, one of TAGS in the settings."""
        if self.path.rstrip("/").endswith("/predict"):
            return ["predict"]
        first = self.path.strip("/").partition("/")[0]
        subjects = {tag["name"] for tag in spectacular_settings.TAGS}
        return [first if first in subjects else "site"]

    def get_auth(self) -> list[Schema]:
        """Return the authentication methods; no authentication is one of them on an open site."""
        ways: list[Schema] = super().get_auth()
        access = any(isinstance(p, ApiAccess) for p in self.view.get_permissions())
        return [*ways, {}] if ways and access and settings.API_ACCESS == "open" else ways

    def map_parsers(self) -> list[str]:
        """Return the media types of a body: only JSON if the view accepts it.

        Views accept forms too. A generated client cannot choose between several media types.
        """
        media_types: list[str] = super().map_parsers()
        accepts_json = JSONParser.media_type in media_types
        return [JSONParser.media_type] if accepts_json else media_types

    def _get_request_for_media_type(self, serializer: Any, *args: Any) -> tuple[Schema, bool]:
        schema, required = super()._get_request_for_media_type(serializer, *args)  # type: ignore[no-untyped-call]  # untyped
        # The base class cannot decide for these serializers. Here their bodies are required.
        return schema, required or isinstance(serializer, dict | PolymorphicProxySerializer)

    def _refusals(self, operation: Schema) -> Iterator[str]:
        places = {parameter["in"] for parameter in operation.get("parameters", ())}
        takes_body = "requestBody" in operation
        authenticators = self.view.get_authenticators()
        if takes_body or places - {"path"}:
            yield "400"
        if takes_body:
            yield from ("411", "413", "415")
        if "path" in places:
            yield "404"
        if "text/plain" not in operation["responses"].get("200", {}).get("content", {}):
            yield "406"  # text is sent for any Accept header
        if authenticators:
            yield from ("401", "503")  # 503: a token cannot be checked without the database
        if any(isinstance(a, BasicAuthentication) for a in authenticators):
            yield "429"
        needs_permission = settings.API_ACCESS == "token" and hasattr(
            self.view, "required_permissions"
        )
        if needs_permission or self.method not in SAFE_METHODS:  # 403: cross-origin writes
            yield "403"

    def _refusal(self, code: str) -> Schema:
        response = {"description": REASONS[code], "content": self._content(code)}
        return self._shared("responses", code, response)

    def _content(self, code: str) -> Schema:
        name, schema = ("Errors", ERRORS) if code == "400" else ("Refusal", REFUSAL)
        return {"application/json": {"schema": self._shared("schemas", name, schema)}}

    def _shared(self, kind: str, name: str, part: Schema) -> Schema:
        component = ResolvedComponent(name, kind, part, object=name)  # type: ignore[no-untyped-call]  # untyped
        self.registry.register_on_missing(component)
        ref: Schema = component.ref
        return ref


class SiteBasicScheme(BasicScheme):  # type: ignore[no-untyped-call]  # it registers itself
    """HTTP Basic."""

    target_class = "mlsite.accounts.authentication.BasicAuthentication"


class SiteTokenScheme(TokenScheme):  # type: ignore[no-untyped-call]  # it registers itself
    """Token of this site."""

    target_class = "mlsite.accounts.authentication.TokenAuthentication"
    priority = 1  # before the scheme of all token classes

    def get_security_definition(
        self,
        auto_schema: AutoSchema,  # noqa: ARG002 - drf-spectacular's signature
    ) -> dict[str, Any]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer"}
