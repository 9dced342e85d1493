"""Who is asking: HTTP Basic, for the command line."""

from rest_framework import authentication
from rest_framework.request import Request


class BasicAuthentication(authentication.BasicAuthentication):
    """HTTP Basic that never makes a browser open its own login window: pages have a login."""

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that goes with a 401."""
        scheme = "Session" if "text/html" in request.META.get("HTTP_ACCEPT", "") else "Basic"
        return f'{scheme} realm="{self.www_authenticate_realm}"'
