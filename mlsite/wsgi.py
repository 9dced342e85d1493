"""The site as a WSGI application: warm before its first request."""

import io
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlsite.settings")

django_application = get_wsgi_application()

# Rows can be imported only now.
from mlsite.known_tokens import known_tokens  # noqa: E402
from predictor.store import loaded  # noqa: E402

try:
    loaded().follow()
except DatabaseError as exc:
    raise ImproperlyConfigured(
        f"The registry of models cannot be read ({exc}). `python manage.py prepare` makes the "
        "database, if that is what is missing."
    ) from exc
known_tokens.follow()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer one request, after measuring a body that came in chunks.

    Django takes a body without Content-Length for no body at all.
    """
    chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    if chunked and environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read(settings.MAX_BODY_BYTES + 1)  # one more is too many
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = io.BytesIO(body)
    return django_application(environ, start_response)
