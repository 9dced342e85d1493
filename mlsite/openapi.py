"""How the site's own ways to say who is asking are written in OpenAPI."""

from typing import Any

from drf_spectacular.authentication import BasicScheme, TokenScheme
from drf_spectacular.openapi import AutoSchema


class SiteBasicScheme(BasicScheme):  # type: ignore[no-untyped-call]  # it registers itself
    """HTTP Basic."""

    target_class = "mlsite.authentication.BasicAuthentication"


class SiteTokenScheme(TokenScheme):  # type: ignore[no-untyped-call]  # it registers itself
    """A token of this site."""

    target_class = "mlsite.authentication.TokenAuthentication"
    priority = 1  # before the one that takes all tokens

    def get_security_definition(
        self,
        auto_schema: AutoSchema,  # noqa: ARG002 - drf-spectacular's signature
    ) -> dict[str, Any]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer"}
