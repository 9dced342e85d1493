"""The client's address behind trusted proxies."""

import ipaddress
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from mlsite.middleware import GetResponse


class ClientAddress:
    """Take the client's address from X-Forwarded-For, as far as TRUSTED_PROXIES wrote it.

    Each proxy adds the address that it was called from at the end; what stands further left came
    with the request, and anybody can write it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.TRUSTED_PROXIES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Put the client's address where Django has the proxy's."""
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(hops) >= settings.TRUSTED_PROXIES:
            address = hops[-settings.TRUSTED_PROXIES].strip()
            with suppress(ValueError):  # no address: the proxy's own stays
                request.META["REMOTE_ADDR"] = str(ipaddress.ip_address(address))
        return self.get_response(request)
