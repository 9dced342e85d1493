"""The site as a WSGI application: warm before its first request."""

import gc
import io
import os
from collections.abc import Iterable
from http import HTTPStatus
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
from mlsite.middleware import BODY_REFUSED  # noqa: E402
from predictor.store import loaded  # noqa: E402

try:
    loaded().follow()
except DatabaseError as exc:
    raise ImproperlyConfigured(
        f"The registry of models cannot be read ({exc}). `python manage.py prepare` makes the "
        "database, if that is what is missing."
    ) from exc
known_tokens.follow()

# What is loaded by now stays: the collector need not look through it again and again, for as long
# as requests would wait.
gc.collect()
gc.freeze()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer one request, its body read whole."""
    read_body(environ)
    return django_application(environ, start_response)


def read_body(environ: "WSGIEnvironment") -> None:
    """Read the body, and leave word of one that was cut off: Django takes it for a shorter one.

    A body in chunks gets a length, for without one Django takes it for none at all. Where it was
    cut cannot be seen, so that only JSON, which shows its own end, may come in chunks.
    """
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        if not environ.get("wsgi.input_terminated"):
            return
        body = environ["wsgi.input"].read(settings.MAX_BODY_BYTES + 1)  # one more is too many
        if "json" not in environ.get("CONTENT_TYPE", ""):
            environ[BODY_REFUSED] = HTTPStatus.LENGTH_REQUIRED
        elif not body:
            environ[BODY_REFUSED] = HTTPStatus.BAD_REQUEST
        environ["CONTENT_LENGTH"] = str(len(body))
    else:
        declared = environ.get("CONTENT_LENGTH") or "0"
        length = int(declared) if declared.isascii() and declared.isdigit() else 0
        if not 0 < length <= settings.MAX_BODY_BYTES:
            return
        body = environ["wsgi.input"].read(length)
        if len(body) < length:
            environ[BODY_REFUSED] = HTTPStatus.BAD_REQUEST
    environ["wsgi.input"] = io.BytesIO(body)
