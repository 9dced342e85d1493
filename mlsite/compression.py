"""Compression of pages and static files."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from rest_framework import status

COMPRESSED = ("text/html", "text/css", "text/javascript")


class PageCompression(GZipMiddleware):
    """Compresses pages, style sheets and scripts, but no JSON: that would delay predictions."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Return the response, compressed if the client accepts it and it is a whole text."""
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        if media_type not in COMPRESSED or response.status_code != status.HTTP_200_OK:
            return response
        etag = response.headers.get("ETag")
        compressed: HttpResponseBase = super().process_response(request, response)
        if etag:
            # WhiteNoise compares the whole tag with that of a request. Django has made it weak.
            compressed.headers["ETag"] = etag
        return compressed
