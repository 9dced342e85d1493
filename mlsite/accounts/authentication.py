"""DRF authentication by token and by HTTP Basic."""

from typing import TYPE_CHECKING

from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from mlsite.error_pages import wants_page

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from mlsite.models import Token


class TokenAuthentication(authentication.TokenAuthentication):
    """`Authorization: Bearer <token>`, or `Token <token>`."""

    keyword = "Bearer"
    SCHEMES = ("bearer", "token")

    def authenticate(self, request: Request) -> "tuple[User, Token] | None":
        """Return the token's user; a token that is not valid is an error, not anonymous."""
        # DRF imports this module while Django loads the apps, before models can be imported.
        from mlsite.accounts.token_cache import known_tokens  # noqa: PLC0415
        from mlsite.accounts.tokens import MARK  # noqa: PLC0415

        scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.startswith(MARK):
            raise AuthenticationFailed("Send the token as `Authorization: Bearer TOKEN`.")
        if scheme.lower() not in self.SCHEMES:
            return None
        token = known_tokens.get(secret.strip())
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401.

        Basic is offered to programs only. A browser would open its own login window, but pages
        have a login form.
        """
        bearer = 'Bearer realm="api"'
        browser = "HTTP_SEC_FETCH_MODE" in request.META or wants_page(request)
        basic = any(
            isinstance(authenticator, BasicAuthentication)
            for authenticator in request.authenticators or ()
        )
        return bearer if browser or not basic else f'{bearer}, Basic realm="api", charset="UTF-8"'


class BasicAuthentication(authentication.BasicAuthentication):
    """HTTP Basic with throttled failures; a correct password is remembered for a minute."""

    def authenticate_credentials(
        self, userid: str, password: str, request: Request | None = None
    ) -> "tuple[User, None]":
        """Return the user with this name and password."""
        from mlsite.accounts.backends import remembered_passwords  # noqa: PLC0415 - as above

        assert request is not None  # noqa: S101 - DRF passes it
        user = None
        if "\0" not in userid:  # PostgreSQL refuses queries with NUL
            user = remembered_passwords.user(request, userid, password)
        if user is None:
            raise AuthenticationFailed("Invalid username/password.")
        return user, None
