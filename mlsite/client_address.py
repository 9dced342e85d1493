"""The client's address behind trusted proxies."""

import ipaddress
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from mlsite.middleware import GetResponse


class ClientAddress:
    """Takes the client's address from X-Forwarded-For, as far as TRUSTED_PROXIES wrote it.

    Each proxy appends the address of its own client. Entries further left came with the request,
    and any client can write them.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.TRUSTED_PROXIES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Replace the proxy's address in REMOTE_ADDR by the client's."""
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(hops) >= settings.TRUSTED_PROXIES:
            address = hops[-settings.TRUSTED_PROXIES].strip()
            with suppress(ValueError):  # not an address: keep the proxy's
                request.META["REMOTE_ADDR"] = str(ipaddress.ip_address(address))
        return self.get_response(request)
