"""What OpenAPI says of every operation of the site: who may ask, and how it may be refused."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from drf_spectacular.authentication import BasicScheme, TokenScheme
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import status
from rest_framework.permissions import SAFE_METHODS

from mlsite.accounts.authentication import BasicAuthentication
from mlsite.accounts.permissions import ApiAccess

Schema = dict[str, Any]

SENTENCES: Schema = {"type": "array", "items": {"type": "string"}}
REFUSAL: Schema = {
    "type": "object",
    "description": "Why it is refused.",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
}
ERRORS: Schema = {
    "type": "object",
    "description": "What is wrong: field by field, of each by its index in a list, or as a whole.",
    "properties": {"detail": {"anyOf": [{"type": "string"}, SENTENCES]}},
    "additionalProperties": {
        "anyOf": [SENTENCES, {"type": "object", "additionalProperties": SENTENCES}]
    },
}
REASONS = {
    "400": "What was sent is not taken.",
    "401": "The credentials are not valid, or there are none where some are needed.",
    "403": "Not allowed.",
    "404": "There is no such thing.",
    "406": "There is no answer of this type.",
    "411": "A body in chunks that is not JSON.",
    "413": "The body is too large.",
    "415": "A body of this type is not taken.",
    "429": "There were too many failures to sign in.",
    "503": "It cannot be answered now.",
}


class SiteSchema(AutoSchema):
    """The schema of an operation, with the refusals that follow from what its view is.

    Those that only the view knows of stand among its own responses, as a status and a reason.
    """

    def get_operation(self, *args: Any) -> Schema | None:
        """Return the operation, with all that it may answer."""
        operation: Schema | None = super().get_operation(*args)
        if operation is None:
            return None
        responses = operation["responses"]
        for code, response in responses.items():
            if int(code) >= status.HTTP_400_BAD_REQUEST:
                response.setdefault("content", self._content(code))
        for code in self._refusals(operation):
            responses.setdefault(code, self._refusal(code))
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def get_auth(self) -> list[Schema]:
        """Return the ways to say who is asking; to say nothing is one while the site is open."""
        ways: list[Schema] = super().get_auth()
        access = any(isinstance(one, ApiAccess) for one in self.view.get_permissions())
        return [*ways, {}] if ways and access and settings.API_ACCESS == "open" else ways

    def _get_request_for_media_type(self, serializer: Any, *args: Any) -> tuple[Schema, bool]:
        schema, required = super()._get_request_for_media_type(serializer, *args)  # type: ignore[no-untyped-call]  # untyped
        # It cannot tell of these; here none of them may be left out.
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
            yield "406"  # text is sent whatever is asked for
        if authenticators:
            yield from ("401", "503")  # of a token, if the database cannot be asked about it
        if any(isinstance(one, BasicAuthentication) for one in authenticators):
            yield "429"
        asks = settings.API_ACCESS == "token" and hasattr(self.view, "required_permissions")
        if asks or self.method not in SAFE_METHODS:  # the pages of other sites may not write
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
    """A token of this site."""

    target_class = "mlsite.accounts.authentication.TokenAuthentication"
    priority = 1  # before the one that takes all tokens

    def get_security_definition(
        self,
        auto_schema: AutoSchema,  # noqa: ARG002 - drf-spectacular's signature
    ) -> dict[str, Any]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer"}
